"""Pages are given line by line: ``-`` marks furniture, a number a line of that article.

``+`` marks what the next line follows without a newline.
"""

import contextlib
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasit.inference.pages import PageSplitter, Reject
from wasit.models.article import Article

SPLITTER = PageSplitter.default()

# name, page, (title, date, source, byline) of each article
PAGES = [
    (
        "headline twice, date and breadcrumb",
        """
-|الرئيسية > أخبار > عربي ودولي
1|بغداد تستقبل وفدي المدينتين المتنازعتين على المياه
-|تاريخ النشر: 12/10/2024
-|بغداد تستقبل وفدي المدينتين المتنازعتين على المياه
1|وصل الوفدان إلى بغداد مساء أمس لبحث تقاسم مياه القناة القديمة بعد جفاف دام عامين.
1|وقال محافظ المدينة إن اللقاء الأول سيقتصر على المهندسين دون السياسيين.
-|المصدر: مراسلنا
""",
        [("بغداد تستقبل وفدي المدينتين المتنازعتين على المياه", "2024-10-12", "مراسلنا", None)],
    ),
    (
        "links between paragraphs",
        """
1|الكويت تعرض استضافة لقاء المصالحة بين القبيلتين
1|عرضت الكويت استضافة لقاء للمصالحة بين القبيلتين اللتين اقتتلتا على مرعى حدودي الشهر الماضي.
-|اقرأ أيضاً: موسم الأمطار يتأخر في البادية
1|وقال شيخ إحدى القبيلتين إنه مستعد للسفر متى دعي إلى ذلك.
-|اقرأ أيضا
-|ارتفاع أسعار الأعلاف للشهر الرابع
1|ويطالب الرعاة بفتح البئر المشتركة قبل أي لقاء رسمي.
1|وتشرف لجنة من الوجهاء على هدنة مدتها أربعون يوما.
""",
        [("الكويت تعرض استضافة لقاء المصالحة بين القبيلتين", None, None, None)],
    ),
    (
        "an appended article after the source",
        """
1|تونس تقترح خفر سواحل مشتركا لحماية الصيادين
-|تاريخ النشر: ٥ مارس/آذار ٢٠٢٥
1|اقترحت تونس تشكيل دورية مشتركة لحماية الصيادين في المضيق بعد ثلاثة حوادث متتالية.
1|وأيدت دولتان الاقتراح فيما طلبت ثالثة مهلة لدراسته.
-|المصدر: وكالة تونس أفريقيا للأنباء
-|إقرأ أيضاً:
2|حريق محدود في مستودع للحبوب قرب الميناء
2|أخمد رجال الإطفاء حريقا محدودا اندلع فجر اليوم في مستودع للحبوب قرب الميناء دون إصابات.
2|وتقدر الخسائر بنحو عشرة أطنان من الشعير.
""",
        [
            ("تونس تقترح خفر سواحل مشتركا لحماية الصيادين", "2025-03-05", "وكالة تونس أفريقيا للأنباء", None),
            ("حريق محدود في مستودع للحبوب قرب الميناء", None, None, None),
        ],
    ),
    (
        "an appended article with nothing between but the marker",
        """
1|النرويج تدعو فصائل الجنوب إلى لقاء ثالث
1|وجهت النرويج دعوات إلى أربعة فصائل في الجنوب لحضور لقاء ثالث يناقش تسليم السلاح.
1|وقالت الخارجية النرويجية إن اللقاءين السابقين مهدا الطريق لذلك.
-|إقرأ أيضاً:
2|متحف العاصمة يستعيد مخطوطة نادرة من مزاد أوروبي
2|استعاد متحف العاصمة مخطوطة نادرة كانت معروضة في مزاد أوروبي بعد مفاوضات مع مالكها.
2|والمخطوطة كتاب في الفلك من القرن الثالث عشر.
""",
        [
            ("النرويج تدعو فصائل الجنوب إلى لقاء ثالث", None, None, None),
            ("متحف العاصمة يستعيد مخطوطة نادرة من مزاد أوروبي", None, None, None),
        ],
    ),
    (
        "several appended articles, the headline beside the marker",
        """
1|قطر تسلم الطرفين ردودا مكتوبة على ملاحظاتهما
1|سلمت قطر الطرفين ردودا مكتوبة على ملاحظاتهما بشأن الممر الإنساني.
-|كلمات دلالية: قطر، الممر الإنساني
-+|إقرأ أيضاً: 
2|انقطاع الكهرباء عن الأحياء الشرقية ليلتين متتاليتين
2|انقطعت الكهرباء عن الأحياء الشرقية ليلتين متتاليتين بسبب عطل في محطة التحويل.
-|المصدر: بيان الشركة
-|إقرأ أيضاً:
3|بلدية المدينة تفتح حديقة الضفة بعد ترميمها
3|فتحت بلدية المدينة حديقة الضفة أمام الزوار بعد ترميم دام ستة أشهر.
""",
        [
            ("قطر تسلم الطرفين ردودا مكتوبة على ملاحظاتهما", None, None, None),
            ("انقطاع الكهرباء عن الأحياء الشرقية ليلتين متتاليتين", None, "بيان الشركة", None),
            ("بلدية المدينة تفتح حديقة الضفة بعد ترميمها", None, None, None),
        ],
    ),
    (
        "the date belongs to the appended article alone",
        """
1|عمان تنقل رسالة خطية إلى طهران
1|نقل وزير عماني رسالة خطية إلى طهران تتناول سلامة الملاحة في المضيق.
-|(مع الوكالات)
-|إقرأ أيضا:
2|إطلاق قمر صناعي لمراقبة المحاصيل
-|تاريخ النشر: 2025/01/30
2|أطلق معهد الأبحاث قمرا صناعيا صغيرا لمراقبة المحاصيل من ارتفاع خمسمئة كيلومتر.
""",
        [
            ("عمان تنقل رسالة خطية إلى طهران", None, None, None),
            ("إطلاق قمر صناعي لمراقبة المحاصيل", "2025-01-30", None, None),
        ],
    ),
    (
        "placeholders of a scraper",
        """
-|[ad_1]
1|القاهرة ترعى اتفاقا لتبادل جثامين المقاتلين
1|رعت القاهرة اتفاقا لتبادل جثامين المقاتلين على أن ينفذ خلال عشرة أيام.
-|[ad_1]
1|وسيجري التبادل عند الجسر الحجري بحضور الصليب الأحمر.
-|[ad_2]
""",
        [("القاهرة ترعى اتفاقا لتبادل جثامين المقاتلين", None, None, None)],
    ),
    (
        "tags on lines of their own",
        """
1|مبعوث الاتحاد الأفريقي يزور مخيم النازحين
1|زار مبعوث الاتحاد الأفريقي مخيم النازحين شمال النهر واستمع إلى ممثلي العائلات.
-|كلمات دلالية:
-|الاتحاد الأفريقي
-|النازحون
-|السودان
-|العودة إلى الأعلى
""",
        [("مبعوث الاتحاد الأفريقي يزور مخيم النازحين", None, None, None)],
    ),
    (
        "a list of similar articles to its end",
        """
1|باريس تجمع رؤساء الأحزاب حول مائدة واحدة
1|جمعت باريس رؤساء الأحزاب السبعة حول مائدة واحدة للمرة الأولى منذ الانتخابات الملغاة.
1|وغادر اثنان منهم قبل نهاية الجلسة احتجاجا على ترتيب الكلمات.
-|مقالات مشابهة
-|الأحزاب الصغيرة تطلب ضمانات مكتوبة
-|12 مايو 2024
-|هل تنجح المائدة المستديرة هذه المرة؟
-|استطلاع: نصف الناخبين لا يثقون بالأحزاب
-|قيم هذا المقال
-|★★★☆☆
-|اضغط للتقييم
""",
        [("باريس تجمع رؤساء الأحزاب حول مائدة واحدة", None, None, None)],
    ),
    (
        "captions in agency form",
        """
1|هدوء حذر في ميناء المدينة بعد وساطة تركية
-|شاحنات تنتظر عند بوابة الميناء (رويترز)
1|ساد هدوء حذر في الميناء بعد وساطة تركية أنهت إضراب عماله الذي دام أسبوعا.
-|صورة أرشيفية
-|عمال الميناء في أثناء الإضراب (أ ف ب)
1|وقال نقيب العمال إن الاتفاق يشمل أجور الأيام التي توقف فيها العمل (رويترز).
-|الوزير التركي مع نقيب العمال - غيتي
1|وأكد أن النقابة ستراقب التنفيذ.
""",
        [("هدوء حذر في ميناء المدينة بعد وساطة تركية", None, None, None)],
    ),
    (
        "a page that begins with a paragraph",
        """
1|الدوحة (رويترز) - قال مسؤول قطري إن المحادثات بشأن السجناء ستستأنف يوم الأحد بحضور وسيط من الأمم المتحدة.
1|وأضاف أن قائمة أولى تضم ثلاثين اسما سلمت إلى الطرفين.
-|رويترز
""",
        [(None, None, None, None)],
    ),
    (
        "a byline under the headline and the source on the next line",
        """
1|سلطنة عمان تقترح خطا ساخنا بين قائدي السفينتين
1|مسقط - هدى الكندي
-|الثلاثاء 8 أبريل/نيسان 2025 - 10:20
1|اقترحت سلطنة عمان خطا ساخنا بين قائدي السفينتين لتجنب الاحتكاك في الممر الضيق.
1|وأبدى القائدان استعدادهما لتجربته شهرا واحدا.
-|المصدر:
-|الجزيرة + وكالات
""",
        [
            (
                "سلطنة عمان تقترح خطا ساخنا بين قائدي السفينتين",
                "2025-04-08",
                "الجزيرة + وكالات",
                "مسقط - هدى الكندي",
            )
        ],
    ),
    (
        "a date under its label, a byline above the headline",
        """
-|كتب: سامي الحلبي
1|واشنطن تعلق عقوباتها شهرا لإفساح المجال أمام الوساطة
-|تاريخ النشر
-|١٥ كانون الثاني ٢٠٢٤
1|علقت واشنطن عقوباتها شهرا لإفساح المجال أمام الوساطة التي تقودها سويسرا بين الحكومة والإقليم.
""",
        [("واشنطن تعلق عقوباتها شهرا لإفساح المجال أمام الوساطة", "2024-01-15", None, "سامي الحلبي")],
    ),
    (
        "an impossible date",
        """
1|الأمم المتحدة تعين منسقا جديدا للهدنة في الوادي
-|تاريخ النشر: 31/02/2024
1|عينت الأمم المتحدة منسقا جديدا للهدنة في الوادي خلفا للمنسق الذي انتهت ولايته.
""",
        [("الأمم المتحدة تعين منسقا جديدا للهدنة في الوادي", None, None, None)],
    ),
    (
        "section names and share buttons",
        """
-|الشرق الأوسط
-|فيديو
1|لجنة رباعية تزور المعابر الثلاثة قبل فتحها
-|شارك
-|فيسبوك تويتر واتساب
-|طباعة
-|حجم الخط
1|تزور لجنة رباعية المعابر الثلاثة يوم السبت للتأكد من جاهزيتها قبل فتحها أمام المسافرين.
-|تابعونا على تلغرام
""",
        [("لجنة رباعية تزور المعابر الثلاثة قبل فتحها", None, None, None)],
    ),
    (
        "the site's name behind the first of two headlines",
        """
-|الهند تعرض التوسط في نزاع الصيد | موقع الميناء
1|الهند تعرض التوسط في نزاع الصيد
1|عرضت الهند التوسط في نزاع الصيد بين الجارتين بعد احتجاز سبعة قوارب خلال أسبوع واحد.
1|ولم ترد الجارتان على العرض بعد.
""",
        [("الهند تعرض التوسط في نزاع الصيد", None, None, None)],
    ),
    (
        "a sport page with a question for a heading",
        """
-|رياضة
1|سيدات الواحة يبلغن نهائي البطولة القارية
1|بلغ فريق سيدات الواحة نهائي البطولة القارية بفوزه على مضيفه بهدف وحيد سجلته القائدة ريم.
1|ماذا بعد؟
1|يلعب الفريق النهائي يوم الجمعة أمام حامل اللقب.
-|الأكثر قراءة
-|انتقال حارس المنتخب إلى الدوري البرتغالي
""",
        [("سيدات الواحة يبلغن نهائي البطولة القارية", None, None, None)],
    ),
    (
        "links at the end only",
        """
1|المغرب يستضيف ورشة عن إدارة النزاعات على الماء
1|يستضيف المغرب ورشة عن إدارة النزاعات على الماء يشارك فيها خبراء من عشرين بلدا.
1|وتختتم الورشة ببيان غير ملزم.
-|اقرأ أيضاً
-|سدود الشمال تمتلئ لأول مرة منذ خمس سنوات
-|خبير: الماء سبب للتعاون أكثر منه للحرب
-|إقرأ المزيد
-|شارك هذا المقال
""",
        [("المغرب يستضيف ورشة عن إدارة النزاعات على الماء", None, None, None)],
    ),
    (
        "a link in the spelling of an appended article, then the article goes on",
        """
1|أنقرة تؤجل اجتماع الضامنين إلى ما بعد العيد
1|أجلت أنقرة اجتماع الدول الضامنة للهدنة إلى ما بعد عطلة العيد بطلب من أحد الوفود.
-|إقرأ أيضاً:
-|أزمة خبز في بلدات الريف الغربي
1|وذكرت الخارجية التركية أن موعد الاجتماع الجديد سيعلن خلال أيام.
1|كما نفت وجود خلاف على جدول الأعمال.
-|المصدر: الأناضول
""",
        [("أنقرة تؤجل اجتماع الضامنين إلى ما بعد العيد", None, "الأناضول", None)],
    ),
    (
        "an appended article with a link of its own",
        """
1|هلسنكي تختار قاعة المحادثات بعيدا عن وسط المدينة
1|اختارت هلسنكي قاعة في ضاحية هادئة لعقد المحادثات بين وفدي الأرخبيل.
-|قيّم هذا المقال
-|إقرأ أيضاً:
2|أسعار السمك تتراجع مع عودة القوارب إلى البحر
2|تراجعت أسعار السمك في الأسواق مع عودة القوارب إلى البحر بعد توقف دام شهرين.
-|اقرأ أيضاً: وصفة تقليدية لحساء الشتاء
2|وقال تجار إن الأسعار ستواصل الهبوط حتى نهاية الموسم.
-|مواضيع ذات صلة
-|مهرجان الميناء يعود هذا الصيف
""",
        [
            ("هلسنكي تختار قاعة المحادثات بعيدا عن وسط المدينة", None, None, None),
            ("أسعار السمك تتراجع مع عودة القوارب إلى البحر", None, None, None),
        ],
    ),
    (
        "links with bullets, then an article that states its source first",
        """
1|اتفاق أولي على فتح المعبر بين البلدين
1|توصل البلدان إلى اتفاق أولي على فتح المعبر بعد وساطة مصرية استمرت أسبوعين كاملين.
-|اقرأ أيضا:
-|• سوق الخضار يفتح ليلا
-|• ما قصة الجسر؟
1|ويبدأ التنفيذ يوم الأحد المقبل.
-|إقرأ أيضاً:
2|افتتاح مدرسة في الريف
-|المصدر: بترا
2|عمان – بترا – افتتح الوزير مدرسة جديدة في الريف الشمالي تتسع لألف طالب.
""",
        [
            ("اتفاق أولي على فتح المعبر بين البلدين", None, None, None),
            ("افتتاح مدرسة في الريف", None, "بترا", None),
        ],
    ),
    (
        "two related articles on the same conflict",
        """
1|الوسيط السويسري يبدأ جولة مكوكية بين العاصمتين
1|بدأ الوسيط السويسري جولة مكوكية بين العاصمتين لإقناعهما بسحب المدفعية من الشريط الحدودي.
1|ووصف محادثاته الأولى بأنها صريحة.
-|العودة للأعلى
-|اقرأ أيضاً
2|العاصمتان تتبادلان الاتهامات بقصف الشريط الحدودي
2|تبادلت العاصمتان الاتهامات بقصف قرى الشريط الحدودي بالمدفعية ليل الجمعة.
2|ولم ترد أنباء عن ضحايا.
""",
        [
            ("الوسيط السويسري يبدأ جولة مكوكية بين العاصمتين", None, None, None),
            ("العاصمتان تتبادلان الاتهامات بقصف الشريط الحدودي", None, None, None),
        ],
    ),
]

SENTENCES = [
    "قال المصدر: لم نتسلم أي رد مكتوب حتى هذه الساعة من الوسطاء.",
    "المصدر الذي طلب عدم نشر اسمه أكد أن الاجتماع سيعقد في موعده.",
    "المصدر: لم نتفق على شيء، ولن نتفق قبل أن تُرفع نقاط التفتيش عن الطريق الساحلي كلها.",
    "وبحسب المصدر ذاته فإن القائمة تضم أربعين اسما.",
    "اقرأ أيضا ما كتبه الوزير في مذكراته عن تلك الليلة، فهو الشاهد الوحيد عليها.",
    "تاريخ النشر لم يكن من اختيار الوفدين بل حدده الناشر وحده.",
    "لم يتغير تاريخ النشر المتفق عليه رغم اعتراض الوفد الأول.",
    "الرئيسية في هذا الاتفاق هي مادته الثالثة التي تحدد مواعيد الانسحاب.",
    "العودة إلى الأعلى من المناصب كانت شرطه الوحيد لقبول التسوية.",
    "كلمات دلالية كثيرة في خطابه توحي بأنه سيقبل العرض.",
    "قيم هذا المقال من القيم التي دافع عنها الراحل طوال حياته المهنية.",
    "شارك في الجلسة وزراء خارجية أربع دول ومبعوث الأمم المتحدة.",
    "وقالت الوزارة إن الوفد غادر مساء الخميس، وفق ما نقلته وكالة الأنباء (رويترز).",
    "بقلم الرصاص وقع المندوب على المسودة ثم مزقها أمام الحاضرين.",
    "مقالات مشابهة نشرتها الصحيفة قبل عام أثارت الجدل نفسه.",
    "نشر الجيش قواته على طول الطريق الساحلي بعد فشل الوساطة.",
    "إلى الأعلى ارتفع الدخان من الميناء في الليلة الأخيرة قبل الهدنة.",
    "12/10/2024 هو اليوم الذي وقعت فيه الهدنة الأولى.",
    "كتب رئيس الوفد على صفحته أن المحادثات انتهت دون نتيجة.",
    "انتهى.",
]
HEADLINE = "الوسطاء يواصلون جهودهم في العاصمة"
LEAD = "واصل الوسطاء جهودهم في العاصمة لليوم الرابع على التوالي دون أن يعلنوا نتائج."


def _page(marked: str) -> tuple[str, list[str]]:
    """Gives the page and the text of its articles."""
    document = ""
    texts: dict[str, list[str]] = {}
    for line in marked.strip("\n").split("\n"):
        mark, _, text = line.partition("|")
        document += text + ("" if mark.endswith("+") else "\n")
        if mark[0] != "-":
            texts.setdefault(mark[0], []).append(text.strip())
    return document, ["\n".join(texts[number]) for number in sorted(texts)]


def _texts(document: str) -> list[str]:
    return [article.text for article in SPLITTER.split(document)]


def _facts(article: Article) -> tuple[str | None, str | None, str | None, str | None]:
    return article.title, article.date, article.source, article.byline


def _reason(document: str) -> str:
    with pytest.raises(Reject) as caught:
        SPLITTER.split(document)
    return caught.value.reason


@pytest.mark.parametrize(("marked", "facts"), [page[1:] for page in PAGES], ids=[page[0] for page in PAGES])
def test_page_becomes_its_articles(
    marked: str, facts: list[tuple[str | None, str | None, str | None, str | None]]
) -> None:
    document, texts = _page(marked)
    articles = SPLITTER.split(document)
    assert [article.text for article in articles] == texts
    assert [_facts(article) for article in articles] == facts


@pytest.mark.parametrize("newline", ["\n\n", "\r\n", "\r", " \u00a0\n\u200f", "\u2028"])
@pytest.mark.parametrize("marked", [page[1] for page in PAGES], ids=[page[0] for page in PAGES])
def test_newlines_and_marks_change_nothing(marked: str, newline: str) -> None:
    document, texts = _page(marked)
    document = "\ufeff" + document.replace("\n", newline)
    articles = SPLITTER.split(document)
    assert [article.text for article in articles] == texts
    for article in articles:
        assert article.text == "\n".join(document[start:end] for start, end in article.spans)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("place", ["after the lead", "at the end", "first"])
def test_sentence_that_mentions_furniture_stays_whole(sentence: str, place: str) -> None:
    lines = {
        "after the lead": [HEADLINE, LEAD, sentence, "وغادر الوفدان المبنى قبل منتصف الليل."],
        "at the end": [HEADLINE, LEAD, sentence],
        "first": [sentence, LEAD],
    }[place]
    assert _texts("\n".join(lines)) == ["\n".join(lines)]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("غادر الوفدان المبنى قبل منتصف الليل. (مع الوكالات)", ["غادر الوفدان المبنى قبل منتصف الليل."]),
        ("غادر الوفدان المبنى قبل منتصف الليل (وكالات).", ["غادر الوفدان المبنى قبل منتصف الليل"]),
        ("[ad_1] غادر الوفدان المبنى.", ["غادر الوفدان المبنى."]),
        ("غادر الوفدان المبنى. [ad_2]", ["غادر الوفدان المبنى."]),
        ("غادر الوفدان المبنى. [ad_1] ثم عادا إليه.", ["غادر الوفدان المبنى.", "ثم عادا إليه."]),
        ("غادر الوفدان المبنى. اقرأ أيضاً: طقس ماطر غدا", ["غادر الوفدان المبنى."]),
        ("غادر الوفدان المبنى. المصدر: الأناضول", ["غادر الوفدان المبنى."]),
        (
            "غادر الوفدان المبنى. اقرأ أيضاً: طقس ماطر. ثم عادا إليه. المصدر: الأناضول",
            ["غادر الوفدان المبنى. اقرأ أيضاً: طقس ماطر. ثم عادا إليه."],
        ),
    ],
)
def test_furniture_at_the_edge_of_a_paragraph_is_cut_off_alone(line: str, kept: list[str]) -> None:
    assert _texts(f"{HEADLINE}\n{LEAD}\n{line}") == ["\n".join([HEADLINE, LEAD, *kept])]


@pytest.mark.parametrize(
    ("stated", "date"),
    [
        ("تاريخ النشر: 2023-10-07", "2023-10-07"),
        ("تاريخ النشر : ٠٧/١٠/٢٠٢٣ م", "2023-10-07"),
        ("تاريخ النشر 7-10-2023 الساعة 18:30 بتوقيت مكة المكرمة", "2023-10-07"),
        ("تاريخ النشر: السبت، 7 تشرين الأول 2023", "2023-10-07"),
        ("تاريخ النشر: 7 أكتوبر/تشرين الأول 2023 | آخر تحديث: 9 أكتوبر/تشرين الأول 2023", "2023-10-07"),
        ("تَاريخ النشر: 07 أكتوبر (تشرين الأول) 2023", "2023-10-07"),
        ("نُشر في: 1/\u200f2/\u200f2023", "2023-02-01"),
        ("تم النشر: 22 ربيع الأول 1445 هـ الموافق 7 أكتوبر 2023", "2023-10-07"),
        ("تاريخ النشر: 13/13/2023", None),
        ("تاريخ النشر: 12/25/2023", None),
        ("تاريخ النشر: 30 شباط 2023", None),
        ("تاريخ النشر: 7 تشرين الأول/نوفمبر 2023", None),
        ("تاريخ النشر: 7/10/23", None),
        ("تاريخ النشر: أمس", None),
        ("تاريخ النشر:", None),
        ("آخر تحديث: 7/10/2023", None),
    ],
)
def test_date_is_read_or_left_out_and_never_wrong(stated: str, date: str | None) -> None:
    (article,) = SPLITTER.split(f"{HEADLINE}\n{stated}\n{LEAD}")
    assert article.text == f"{HEADLINE}\n{LEAD}"
    assert article.date == date


@pytest.mark.parametrize("spelling", ["اقرأ أيضاً", "اقرأ أيضا:", "إقرأ أيضًا :", "أقرأ ايضا", "** اقـرأ أيضاً **"])
def test_spellings_of_read_also(spelling: str) -> None:
    page = f"{HEADLINE}\n{LEAD}\n{spelling}\nسوق السمك يفتح أبوابه ليلا\nوقالوا إن الجلسة التالية ستعقد غدا."
    assert _texts(page) == [f"{HEADLINE}\n{LEAD}\nوقالوا إن الجلسة التالية ستعقد غدا."]


def test_a_lost_link_takes_no_paragraph_with_it() -> None:
    page = f"{HEADLINE}\n{LEAD}\nاقرأ أيضاً:\nغادر الوفدان المبنى قبل منتصف الليل بقليل، ولم يدليا بأي تصريح."
    assert _texts(page) == [page.replace("اقرأ أيضاً:\n", "")]


@pytest.mark.parametrize(
    ("document", "identifier"),
    [
        ("", "empty"),
        (" \n\u200f\n\ufeff", "empty"),
        (
            "الرئيسية > أخبار\nتاريخ النشر: 1/2/2024\nشارك\nكلمات دلالية: قطر، مصر\nمقالات مشابهة\nخبر أول",
            "furniture_only",
        ),
        ("[ad_1]\n[ad_2]\nالعودة إلى الأعلى", "furniture_only"),
        ("12345 67/89", "not_arabic"),
        ("Mediators met in the capital on Friday.\nالمصدر: Reuters", "not_arabic"),
        ("وزیر امور خارجه گفت که گفتگوها ادامه دارد و پیشنهاد چهار کشور بررسی می‌شود.", "not_arabic"),
        (
            "وزیر خارجہ نے کہا ہے کہ بات چیت جاری رہے گی اور چار ممالک کی تجویز پر غور کیا جائے گا۔",
            "not_arabic",
        ),
    ],
)
def test_rejects_say_why(document: str, identifier: str) -> None:
    assert _reason(document).split(": ")[0] == identifier


def test_reject_names_the_share_of_arabic() -> None:
    assert _reason("abcdefghi ا") == "not_arabic: 10 % of the letters are Arabic, at least 50 % are needed"


def test_arabic_typed_on_a_persian_keyboard_is_arabic() -> None:
    assert _texts(LEAD.replace("ي", "ی").replace("ك", "ک"))


_MARKED_LINES = st.sampled_from(
    [line for page in PAGES for line in _page(page[1])[0].split("\n") if line] + SENTENCES + ["", "***", "2024"]
)
_LINES = st.lists(
    _MARKED_LINES | st.text(alphabet="اقرأ ايضا:المصدر[ad_1].\u064b\u200f\xa0()12/", max_size=30), max_size=25
)


@settings(max_examples=150, deadline=None)
@given(_LINES, st.sampled_from(["\n", "\r\n", "\n\n", "\r"]))
def test_spans_are_the_text(lines: list[str], newline: str) -> None:
    document = newline.join(lines)
    try:
        articles = SPLITTER.split(document)
    except Reject:
        return
    spans = [span for article in articles for span in article.spans]
    assert all(0 <= start < end <= len(document) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    for article in articles:
        assert article.text == "\n".join(document[start:end] for start, end in article.spans)
        assert article.title is None or article.title in article.text


_WORDS = st.sampled_from(["الوفد", "المحادثات", "الهدنة", "النهر", "الجسر", "وزير", "قافلة", "بيان", "مجلس"])
_PARAGRAPHS = st.lists(
    st.lists(_WORDS, min_size=5, max_size=40).map(lambda words: f"{' '.join(words)}."), min_size=1, max_size=8
)


@settings(max_examples=100, deadline=None)
@given(_PARAGRAPHS, st.lists(_MARKED_LINES, max_size=8), st.randoms(use_true_random=False))
def test_no_paragraph_is_lost_among_any_lines(paragraphs: list[str], others: list[str], random: object) -> None:
    lines = paragraphs + others
    random.shuffle(lines)  # type: ignore[attr-defined]
    text = "\n".join(_texts("\n".join(lines))).split("\n")
    assert set(paragraphs) <= set(text)


@settings(max_examples=100, deadline=None)
@given(_PARAGRAPHS)
def test_an_article_split_again_is_itself(paragraphs: list[str]) -> None:
    (once,) = SPLITTER.split("\n".join([HEADLINE, *paragraphs, "المصدر: رويترز"]))
    (again,) = SPLITTER.split(once.text)
    assert (again.text, again.title) == (once.text, once.title)


@pytest.mark.parametrize(
    "document",
    [
        "سلام " * 1_000_000,
        "\n" * 1_000_000 + LEAD,
        "اقرأ أيضاً\n" * 60_000 + LEAD,
        "مقالات مشابهة\nخبر قصير هنا\n" * 30_000 + LEAD,
        f"{HEADLINE}\n{LEAD}\n" + "إقرأ أيضاً:\nالوفد يغادر المدينة\nغادر الوفد المدينة.\n" * 10_000,
        LEAD + " (" * 1_000_000,
        LEAD + " (وكالات)" * 300_000,
        "كلمات دلالية: " + "قطر، " * 300_000 + LEAD,
        "تاريخ النشر: " + "1/" * 500_000 + LEAD,
        "الرئيسية " + "> أخبار " * 200_000 + LEAD,
    ],
    ids=[
        "one line",
        "newlines",
        "markers",
        "lists",
        "articles",
        "brackets",
        "credits",
        "tags",
        "date",
        "breadcrumb",
    ],
)
def test_hostile_pages_take_no_longer_than_their_length(document: str) -> None:
    began = time.perf_counter()
    with contextlib.suppress(Reject):
        SPLITTER.split(document)
    assert time.perf_counter() - began < 10
