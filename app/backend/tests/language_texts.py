"""Short factual texts in many languages, and questions about them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A text and questions about it.

    exact, inflected: a question and what the cited sentence must hold; the second one has the
    text's words in other forms. open: a question that the text leaves open. refusal: part of it.
    """

    text: str
    exact: tuple[str, str]
    inflected: tuple[str, str]
    open: str
    refusal: str


CASES = {
    "en": Case(
        """The Warnholm lighthouse was built in 1843 from grey granite. It is 42 metres high.

The keeper is called Odile. She lights the lamp every evening at seven o'clock.

Adult visitors pay 9 euros for a ticket, and children under six years enter free of charge.

From the station the walk takes 12 minutes. Dogs must stay outside the tower.
""",
        ("When was the lighthouse built?", "1843"),
        ("What do adult visitors have to pay for tickets?", "9 euros"),
        "Which colour do the shutters of the lighthouse have?",
        "do not answer",
    ),
    "de": Case(
        """Der Leuchtturm von Warnholm wurde im Jahr 1843 aus grauem Granit gebaut.
Er ist 42 Meter hoch.

Die Wärterin heißt Odile. Sie zündet die Lampe jeden Abend um sieben Uhr an.

Erwachsene zahlen 9 Euro für eine Eintrittskarte,
und Kinder unter sechs Jahren haben freien Eintritt.

Vom Bahnhof dauert der Fußweg 12 Minuten. Hunde müssen draußen bleiben.
Am 3. Mai bleibt der Turm geschlossen.
""",
        ("Wann wurde der Leuchtturm gebaut?", "1843"),
        ("Wie viel zahlt ein Erwachsener für Eintrittskarten?", "9 Euro"),
        "Welche Farbe haben die Fensterläden des Leuchtturms?",
        "beantworten diese Frage nicht",
    ),
    "fr": Case(
        """Le phare de Warnholm a été construit en 1843 en granit gris.
Il mesure 42 mètres de haut.

La gardienne s'appelle Odile. Elle allume la lampe chaque soir à sept heures.

Les visiteurs adultes paient 9 euros pour un billet,
et l'entrée est gratuite pour les enfants de moins de six ans.

De la gare, le trajet à pied dure 12 minutes. Les chiens doivent rester dehors.
""",
        ("Quand le phare a-t-il été construit ?", "1843"),
        ("Combien un visiteur adulte paie-t-il pour ses billets ?", "9 euros"),
        "Quelle est la couleur des volets du phare ?",
        "ne répondent pas",
    ),
    "es": Case(
        """El faro de Warnholm se construyó en 1843 con granito gris. Mide 42 metros de altura.

La guardiana se llama Odile. Ella enciende la lámpara cada noche a las siete.

Los visitantes adultos pagan 9 euros por una entrada,
y los niños menores de seis años entran gratis.

Desde la estación el camino dura 12 minutos. Los perros deben quedarse fuera de la torre.
""",
        ("¿Cuándo se construyó el faro?", "1843"),
        ("¿Cuánto paga un visitante adulto por las entradas?", "9 euros"),
        "¿De qué color son las persianas del faro?",
        "no responden",
    ),
    "pt": Case(
        """O farol de Warnholm foi construído em 1843 com granito cinzento.
Ele tem 42 metros de altura.

A guardiã chama-se Odile. Ela acende a lâmpada todas as noites às sete horas.

Os visitantes adultos pagam 9 euros por um bilhete,
e as crianças com menos de seis anos não pagam nada.

Da estação o caminho demora 12 minutos. Os cães devem ficar fora da torre.
""",
        ("Quando foi construído o farol?", "1843"),
        ("Quanto paga um visitante adulto pelos bilhetes?", "9 euros"),
        "De que cor são as persianas do farol?",
        "não respondem",
    ),
    "it": Case(
        """Il faro di Warnholm è stato costruito nel 1843 in granito grigio. È alto 42 metri.

La guardiana si chiama Odile. Lei accende la lampada ogni sera alle sette.

I visitatori adulti pagano 9 euro per un biglietto, e i bambini sotto i sei anni entrano gratis.

Dalla stazione il percorso a piedi dura 12 minuti. I cani devono restare fuori dalla torre.
""",
        ("Quando è stato costruito il faro?", "1843"),
        ("Quanto paga un visitatore adulto per i biglietti?", "9 euro"),
        "Di che colore sono le persiane del faro?",
        "non rispondono",
    ),
    "nl": Case(
        """De vuurtoren van Warnholm werd in 1843 van grijs graniet gebouwd. Hij is 42 meter hoog.

De wachter heet Odile. Zij steekt elke avond om zeven uur de lamp aan.

Volwassen bezoekers betalen 9 euro voor een kaartje,
en kinderen onder de zes jaar hebben gratis toegang.

Vanaf het station duurt de wandeling 12 minuten. Honden moeten buiten de toren blijven.
""",
        ("Wanneer werd de vuurtoren gebouwd?", "1843"),
        ("Hoeveel betaalt een volwassen bezoeker voor kaartjes?", "9 euro"),
        "Welke kleur hebben de luiken van de vuurtoren?",
        "beantwoorden deze vraag niet",
    ),
    "ru": Case(
        """Маяк в Варнхольме был построен в 1843 году из серого гранита.
Его высота составляет 42 метра.

Смотрительницу зовут Одиль. Она зажигает лампу каждый вечер в семь часов.

Взрослые посетители платят 9 евро за билет, а дети до шести лет проходят бесплатно.

От вокзала дорога занимает 12 минут. Собаки должны оставаться снаружи.
""",
        ("Когда был построен маяк?", "1843"),
        ("Сколько платит взрослый посетитель за билеты?", "9 евро"),
        "Какого цвета ставни маяка?",
        "не отвечают",
    ),
    "ko": Case(
        """바른홀름 등대는 1843년에 회색 화강암으로 지어졌습니다. 등대의 높이는 42미터입니다.

등대지기의 이름은 오딜입니다. 그녀는 매일 저녁 일곱 시에 등불을 켭니다.

성인 방문객은 입장권으로 9유로를 냅니다. 여섯 살 미만의 어린이는 무료입니다.

역에서 걸어서 12분이 걸립니다. 개는 탑 밖에 있어야 합니다.
""",
        ("등대는 언제 지어졌습니까?", "1843"),
        ("성인 방문객의 입장권은 얼마입니까?", "9유로"),
        "등대의 덧문은 무슨 색입니까?",
        "답이 없습니다",
    ),
    "ja": Case(
        """ヴァルンホルムの灯台は1843年に灰色の花崗岩で建てられました。灯台の高さは42メートルです。

灯台守の名前はオディールです。彼女は毎晩七時にランプを点灯します。

大人の入場料は9ユーロです。六歳未満の子供は無料で入場できます。

駅から歩いて12分かかります。犬は塔の外で待たなければなりません。
""",
        ("灯台はいつ建てられましたか？", "1843"),
        ("大人が払う入場料はいくらですか？", "9ユーロ"),
        "灯台の鎧戸は何色ですか？",
        "回答がありません",
    ),
    "zh": Case(
        """瓦恩霍尔姆灯塔建于1843年，用灰色花岗岩建成。灯塔高四十二米。

守塔人名叫奥蒂莉。她每天晚上七点点亮灯。

成人门票每张9欧元。六岁以下的儿童免费入场。

从车站步行需要12分钟。狗必须留在塔外。
""",
        ("灯塔建于哪一年？", "1843"),
        ("成人的门票多少钱？", "9欧元"),
        "灯塔的百叶窗是什么颜色？",
        "没有这个问题的答案",
    ),
    "ar": Case(
        """بُنيت منارة فارنهولم عام 1843 من الجرانيت الرمادي. يبلغ ارتفاع المنارة 42 مترا.

اسم الحارسة أوديل. تضيء الحارسة المصباح كل مساء في الساعة السابعة.

يدفع الزوار البالغون 9 يورو ثمنا للتذكرة، ويدخل الأطفال دون سن السادسة مجانا.

يستغرق الطريق من المحطة 12 دقيقة. يجب أن تبقى الكلاب خارج البرج.
""",
        ("متى بنيت المنارة؟", "1843"),
        ("كم يدفع البالغون ثمن تذكرة؟", "9 يورو"),
        "ما لون مصاريع نوافذ المنارة؟",
        "لا تجيب",
    ),
    "sv": Case(
        """Fyren i Warnholm byggdes 1843 av grå granit. Den är 42 meter hög.

Fyrvaktaren heter Odile. Hon tänder lampan varje kväll klockan sju.

Vuxna besökare betalar 9 euro för en biljett, och barn under sex år går in gratis.

Från stationen tar promenaden 12 minuter. Hundar måste stanna utanför tornet.
""",
        ("När byggdes fyren?", "1843"),
        ("Hur mycket betalar en vuxen besökare för biljetter?", "9 euro"),
        "Vilken färg har fyrens fönsterluckor?",
        "besvarar inte",
    ),
    "pl": Case(
        """Latarnia morska w Warnholm została zbudowana w 1843 roku z szarego granitu.
Ma 42 metry wysokości.

Latarniczka nazywa się Odile. Zapala lampę każdego wieczoru o siódmej.

Dorośli płacą 9 euro za bilet, a dzieci do lat sześciu wchodzą za darmo.

Droga z dworca zajmuje 12 minut. Psy muszą zostać na zewnątrz.
""",
        ("Kiedy została zbudowana latarnia morska?", "1843"),
        ("Ile płacą dorośli za bilet?", "9 euro"),
        "Jakiego koloru są okiennice latarni?",
        "nie odpowiadają",
    ),
    "tr": Case(
        """Warnholm deniz feneri 1843 yılında gri granitten inşa edildi.
Fenerin yüksekliği 42 metredir.

Fener bekçisinin adı Odile. Lambayı her akşam saat yedide yakar.

Yetişkin ziyaretçiler bilet için 9 avro öder, altı yaşından küçük çocuklar ücretsiz girer.

İstasyondan yürüyüş 12 dakika sürer. Köpekler kulenin dışında kalmalıdır.
""",
        ("Deniz feneri ne zaman inşa edildi?", "1843"),
        ("Yetişkin bir ziyaretçi biletler için kaç avro öder?", "9 avro"),
        "Fenerin panjurları hangi renktedir?",
        "yanıtlamıyor",
    ),
}


# Further questions: what the first cited sentence must hold; None where the text leaves it open.
FURTHER: dict[str, list[tuple[str, str | None]]] = {
    "de": [
        ("Wie heißt die Wärterin?", "Odile"),
        ("Wie lange dauert der Weg vom Bahnhof?", "12 Minuten"),
        ("Wann ist der Turm geschlossen?", "3. Mai"),
        ("Müssen Hunde draussen bleiben?", "Hunde"),
        ("Wer hat den Leuchtturm entworfen?", None),
        ("Was kostet das Parken am Leuchtturm?", None),
        ("Wie viele Stufen hat der Turm?", None),
        ("Wie groß ist die Bevölkerung von Japan?", None),
    ],
    "fr": [
        ("Comment s'appelle la gardienne ?", "Odile"),
        ("Combien de temps dure le trajet depuis la gare ?", "12 minutes"),
        ("Qui a dessiné le phare ?", None),
        ("Combien coûte le parking du phare ?", None),
        ("Combien de marches compte le phare ?", None),
        ("Quand la gardienne allume-t-elle la lampe ?", "sept heures"),
    ],
    "es": [
        ("¿Cómo se llama la guardiana?", "Odile"),
        ("¿Cuánto dura el camino desde la estación?", "12 minutos"),
        ("¿Cuando enciende la guardiana la lampara?", "siete"),
        ("¿Quién diseñó el faro?", None),
        ("¿Cuánto cuesta aparcar en el faro?", None),
        ("¿Cuántos escalones tiene el faro?", None),
        ("¿Cuál es la capital de Francia?", None),
    ],
    "pt": [
        ("Como se chama a guardiã?", "Odile"),
        ("Quanto tempo demora o caminho da estação?", "12 minutos"),
        ("A que horas a guardiã acende a lampada?", "sete"),
        ("Quem desenhou o farol?", None),
        ("Quanto custa estacionar no farol?", None),
        ("Quantos degraus tem o farol?", None),
    ],
    "it": [
        ("Come si chiama la guardiana?", "Odile"),
        ("Quanto dura il percorso dalla stazione?", "12 minuti"),
        ("Quando accende la lampada la guardiana?", "sette"),
        ("Chi ha progettato il faro?", None),
        ("Quanto costa il parcheggio al faro?", None),
        ("Quanti gradini ha il faro?", None),
    ],
    "nl": [
        ("Hoe heet de wachter?", "Odile"),
        ("Hoe lang duurt de wandeling vanaf het station?", "12 minuten"),
        ("Wanneer steekt de wachter de lamp aan?", "zeven uur"),
        ("Wie heeft de vuurtoren ontworpen?", None),
        ("Wat kost parkeren bij de vuurtoren?", None),
        ("Hoeveel treden heeft de vuurtoren?", None),
    ],
    "ru": [
        ("Как зовут смотрительницу?", "Одиль"),
        ("Сколько занимает дорога от вокзала?", "12 минут"),
        ("Когда смотрительница зажигает лампу?", "семь"),
        ("Кто спроектировал маяк?", None),
        ("Сколько стоит парковка у маяка?", None),
        ("Сколько ступеней у маяка?", None),
        ("Из какого гранита построен маяк?", "серого"),
    ],
    "ko": [
        ("등대지기의 이름은 무엇입니까?", "오딜"),
        ("등대의 높이는 얼마입니까?", "42"),
        ("역에서 얼마나 걸립니까?", "12분"),
        ("어린이는 무료입니까?", "무료"),
        ("누가 등대를 설계했습니까?", None),
        ("주차 요금은 얼마입니까?", None),
        ("등대에는 계단이 몇 개 있습니까?", None),
        ("일본의 수도는 어디입니까?", None),
    ],
    "ja": [
        ("灯台守の名前は何ですか？", "オディール"),
        ("灯台の高さはどのくらいですか？", "42"),
        ("駅から歩いて何分かかりますか？", "12分"),
        ("子供は無料ですか？", "無料"),
        ("誰が灯台を設計しましたか？", None),
        ("駐車料金はいくらですか？", None),
        ("灯台の階段は何段ありますか？", None),
        ("フランスの首都はどこですか？", None),
    ],
    "zh": [
        ("守塔人叫什么名字？", "奥蒂莉"),
        ("从车站步行要多久？", "12分钟"),
        ("儿童可以免费入场吗？", "免费"),
        ("谁设计了灯塔？", None),
        ("停车费是多少？", None),
        ("灯塔有多少级台阶？", None),
        ("法国的首都是哪里？", None),
        ("她几点点亮灯？", "七点"),
    ],
    "ar": [
        ("ما اسم الحارسة؟", "أوديل"),
        ("كم يبلغ ارتفاع المنارة؟", "42"),
        ("كم يستغرق الطريق من المحطة؟", "12"),
        ("متى تضيء الحارسة المصباح؟", "السابعة"),
        ("من صمم المنارة؟", None),
        ("كم تكلفة موقف السيارات؟", None),
        ("كم عدد درجات المنارة؟", None),
    ],
    "en": [
        ("What is the keeper called?", "Odile"),
        ("How long does the walk from the station take?", "12 minutes"),
        ("Who designed the lighthouse?", None),
        ("How many steps does the tower have?", None),
    ],
}
