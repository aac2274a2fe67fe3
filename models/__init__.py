"""What a model is: taxonomy, mention finder, encoding, network, predictions, checkpoint.

Importing it registers the network with the Auto classes of transformers: ``AutoModel.from_pretrained`` then loads
every wasit model.
"""

from wasit.models.configuration import WasitConfig
from wasit.models.network import WasitModel

__all__ = ["WasitConfig", "WasitModel"]
