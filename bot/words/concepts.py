"""What is common to texts in different languages: meanings, wherever a word of three languages has the same one.

The table holds the everyday words of negotiations, of war and of the news, a line a meaning: beginnings of words (a
whole word behind "=") in English, Ukrainian and Russian, in small letters without ё, ґ and apostrophes. Words that
are not in it can still meet by their sound: names of places, and what all three borrowed ("compromise").
"""

import re
from collections.abc import Mapping

from bot.models import Roster
from bot.words.letters import clean, fold, is_cyrillic

_MEANINGS = """
talks: negotiat =talks =talk | переговор перемов | переговор
converse: conversation =call =calls phoned telephon =spoke =speak | розмов телефон =дзвінок | разговор телефон звонок
pause: paus suspen adjourn =break halt | пауз призупин перерв =зупинено | пауз приостан перерыв
resume: resum reconven restart | поновл відновл | возобнов восстанов
finish: finish ended ends complet conclud | заверш закінчил закінчен | заверш окончил окончен законч
morning: morning | ранок вранці ранков | утро утром утрен
evening: evening | вечір вечор ввечер увечер | вечер
write: write writing written | =пишуть писати | =пишут писать
take: take =took taken | =взято =взяли =взяла =взяв беруть | =взято =взяли =взяла =взял =взята берут
head: =head chief chair | голов керів очіл глава глави главу | глава главы главе руковод возгл
foreign: foreign | закордонн | иностранн
deputy: deput | заступ | заместит замглав
office: =office | офіс | офис
party: =party parties faction | партія партії фракц | партия партии фракц
right-now: already | вже | уже
form: written | письм | письмен
continue: continu =go =goes ongoing | продовж тривають триває =йдуть | продолж =идут =идет =идем
until: =until =till | =до | =до
tomorrow: tomorrow | завтра | завтра
today: today | сьогодні | сегодня
daily: daily everyday =every | щодня щоденн кожен кожн | ежедневн кажды
group: group subgroup panel | груп підгруп | групп подгрупп
work: work | робоч робот працю | рабоч работ труд
technical: technic | техн | техн
additional: addition extra more further | додатков більш ще | дополнительн больше еще
clarify: clarif specif refin | уточн роз'ясн розясн | уточн разъясн
definition: definit =term =terms | визначен термін | определен термин
single: single individual certain separate some | окрем певн деяк | отдельн некоторы
ceasefire: ceasefire truce armistice | перемир | перемир
cease: cease stop end halting | припин зупин закінч | прекра останов законч
fire: =fire shelling | вогн обстріл | огн огон обстрел
peace: peace | мир | мир
war: =war wars wartime | війн воєнн | войн военн
withdraw: withdraw pull retreat | вивед відвед виведен | вывод вывест отвод отвест вывед
troops: troop =forces soldier | військ солдат | войск солдат
army: army armed militar | армі збройн | арми вооружен
size: size strength number | чисельн кількіст розмір | численн количеств размер
security: securit secure | безпек | безопасн
guarantee: guarant | гаранті | гаранти
guarantor: guarantor | гарант | гарант
neutral: neutral | нейтрал | нейтрал
status: status | статус | статус
treaty: treaty pact accord agreement | договір договор угод | договор соглаш
agree: =agree =agreed =agrees | погод домов узгод | согласи согласн договори
sign: =sign signed signing signature | підпис | подпис
document: document paper text | документ текст папер | документ текст бумаг
draft: draft | проєкт проект чернет | проект черновик
page: page | сторінк сторінок | страниц
point: =point =points item provision | пункт | пункт
article: article clause | статт | стать
side: =side =sides | сторон =сторін | сторон
delegation: delegat | делегац | делегац
country: countr state nation | країн держав | стран государств
leader: leader | лідер очільник | лидер
president: president | президент | президент
minister: minister | міністр | министр
ministry: ministr | міністерств =мзс | министерств =мид
government: government cabinet | уряд кабінет | правительств кабинет
parliament: parliament =rada =duma | парламент =рада =раді =ради =думи | парламент =рада =дума
adviser: advis aide | радник помічник | советник помощник
meeting: meet encounter summit | зустріч саміт | встреч саммит
round: round | раунд | раунд
place: =place held venue | відбуд =пройде місц | состои пройд мест
host: host receiv | прийня приймат господар | приня принимат хозя
visit: visit travel trip | візит поїзд | визит поезд
arrive: arriv | прибу приїх приїзд | прибы приех приезд
leave: leaves leaving departs departed departure | покину відбу виїха | покину отбы уехал
next: =next coming forthcoming | наступн | следующ очередн
new: =new | нов | нов
ready: ready prepared willing | готов | готов
prepare: prepar | підготов готує | подгот готовит
discuss: discuss talked consider | обговор розгля | обсу рассм
propose: propos offer suggest | пропон пропоз | предлож предлаг
demand: demand insist | вимаг вимог наполяг | требов настаив
refuse: refus reject declin | відмов відхил | отказ отклон отверг
accept: accept adopt approv | прийн схвал ухвал | приня одобр
position: position stance | позиц | позиц
principle: princip | принцип | принцип
condition: condition | умов | услов
ultimatum: ultimat | ультимат | ультимат
compromise: compromis concession yield surrender concede conced | компроміс поступ | компромисс уступ
progress: progress advance | прогрес просуван | прогресс продвиж
result: result outcome | результат підсум наслід | результат итог
difficult: difficult hard tough | важк складн найважч найскладн | трудн сложн тяжел
different: differen | різн інш | разн друг
system: system | систем | систем
politics: politic | політ | полит
process: process | процес | процесс
format: format | формат | формат
video: video online videoconf | відео онлайн | видео онлайн
conference: conferenc | конференц | конференц
time: =time =times =hour =hours | =час =часу =часі годин | врем =час =часа =часов
money: money funds cost | кошт грош витрат | деньг денег средств
save: =save saves saving | економ заощад береж | эконом сберег берег
week: week | тижн тижд | недел
day: =day =days | =день =дні =днів =дня =дню =днем =днями =днях | =день =дня =дней =дни =дням =днях =днями
near: nearest | найближч | ближайш
month: month | місяц | месяц
year: =year =years annual | рік =року =роки =років | год =лет
minute: minute | хвилин | минут
last: lasts lasted lasting | тривал | длил длит длин продл
useful: useful productive constructive fruitful | корисн продукт конструкт плідн | полезн продукт конструкт плодотв
prisoner: prisoner pow captive | полонен військовополонен | пленн военнопленн
exchange: exchang swap | обмін | обмен
return: return brought | поверн | верну возвра
home: =home | додом =вдома | домо =дома
body: bodies =body fallen | =тіло =тіл =тіла =тілами загибл | =тело =тел =тела =телами погибш
killed: kill dead death | загин вбит уби | погиб убит
wounded: wound injur | поран | ранен
child: child | діт дит | дет ребен
civilian: civil | цивіл | гражданск
refugee: refugee displaced | біжен переселен | бежен переселен
humanitarian: humanitar | гуманітар | гуманитар
corridor: corridor | коридор | коридор
block: block thwart | блок зблок зірв | блок сорва
evacuation: evacu | евакуа | эвакуа
aid: =aid assist help relief | допомог | помощ
weapon: weapon arms munition | збро | оруж вооруж
guns: guns =gun | збро | оруж
silent: silent silenc | замовк мовч тиш | замолч молч тишин
supply: suppl deliver shipment | постач поставк | поставк поставл
west: =west western | =захід =заходу =заході західн | =запад =запада =западу западн
drone: drone =uav unmanned | дрон безпілот бпла | дрон беспилот бпла
missile: missile rocket | ракет | ракет
strike: =strike strikes attack bombard | удар атак | удар атак
shoot: =shot downed intercept destroyed | збит знищ | сби уничтож
night: night overnight | ніч =ночі | ноч
air: =air airspace aviation | повітр авіа | воздуш авиа
region: region oblast | област регіон | област регион
city: cit town | міст =місті | город
village: village | село =селі сіл | =село =селе =села
front: frontline =front | фронт | фронт
border: border frontier | кордон | границ
territory: territor land | територ | территор
occupy: occup seiz captur | окуп захоп | оккуп захва
annex: annex | анекс | аннекс
recognise: recogni | визна | призна
independence: independen | незалежн | независим
sovereign: sovereign | суверен | суверен
integrity: integrity | цілісн | целостн
referendum: referend | референд | референд
constitution: constitut | конституц | конституц
election: elect vote voting | вибор голос | выбор голос
people: people citizen | народ люд громадян | народ люд граждан
sanction: sanction | санкц | санкц
econom: econom | економ | эконом
gas: =gas | =газ газов =газу | =газ газов =газа
oil: =oil | нафт | нефт
energy: energ power | енерг | энерг
nuclear: nuclear atomic | ядерн атом | ядерн атом
station: station =plant reactor | станц =аес | станц =аэс
grain: grain wheat | зерн | зерн
port: =port =ports seaport | порт | порт
ship: ship vessel | корабл судн | корабл судн
sea: =sea maritime naval | морськ =море =морі =моря | морск =море =моря
loan: loan credit | кредит позик | кредит заем
asset: asset | актив | актив
frozen: froz freez | заморож | заморож
budget: budget | бюджет | бюджет
billion: billion =bn | мільярд млрд | миллиард млрд
million: million =mln | мільйон млн | миллион млн
thousand: thousand | тисяч тис | тысяч тыс
euro: euro | євро | евро
dollar: dollar | долар | доллар
percent: percent | відсот процент | процент
commission: commission | комісі | комисси
union: union bloc | союз | союз
alliance: allianc allied allies ally | альянс союзник | альянс союзник
partner: partner | партнер | партнер
join: join accession membership member | приєдн вступ член | присоедин вступ член
european: europe | європ | европ
world: world global | =світ =світі =світу світов | мировой мировом всемир
send: =send sent deploy dispatch | відправ надісл розмі | отправ направ размес
hand: handed hand give gave transfer | переда наді | переда вруч
letter: letter | лист =листа | письм
plan: plan | план | план
list: list | список спис перелік | спис перечен
map: =map =maps | =карта карт мап | карт
question: question issue matter | питан запитан | вопрос
answer: answer respon repl | відпов | ответ
problem: problem | проблем | проблем
solution: solution solv settle | рішен вріш виріш врегул | решен решит урегул
decision: decision decid | рішен виріш | решен решил
way: =way path route | шлях спосіб | =путь =пути =путем способ
want: want wish seek | хоче хочу прагн бажа | хочет хотят стрем жела
must: must should obliged | має повин мус | долж обязан
need: =need needs necessary | потріб треба необх | нужн надо необх потреб
possible: possib =can may | можлив може | возмож может
impossible: impossib cannot | неможлив | невозмож
important: important key crucial | важлив ключов | важн ключев
main: main principal | основн | основн главн
begin: begin begun start launch | почат почин розпоч | начал начат начин начн
expect: expect await anticipat | очік сподів | ожид надея надеж
hope: hope | сподів надія | надеж надея
believe: believ think | вважа вірит дума | счита верит дума
know: known =know =knows | знає знаю знат відом | знает знают знать извест
understand: understand underst | розум | поним
support: support back | підтрим | поддерж
help: =help helps | допомог допомаг | помощ помог
defend: defen protect | захи оборон | защит оборон
fight: fight combat battle | бойов боротьб =бій воюва | боев борьб =бой воева
victory: victor win | перемог | побед
lose: lose loss defeat | втра пораз | потер пораж
threat: threat danger risk | загроз небезпек ризик | угроз опасн риск
provocation: provocat | провокац | провокац
violate: violat breach | поруш | наруш
aggress: aggress invasion invad | агрес вторгн | агресс вторжен
crime: crime criminal | злочин | преступ
court: court tribunal | суд трибунал | суд трибунал
law: =law =laws legal lawyer | закон юрис прав | закон юрис прав
right: =right =rights | =право права прав | =право права прав
language: language | мов | язык
school: school | школ | школ
grid: grid infrastruct | інфраструкт | инфраструкт
hospital: hospital | лікарн | больниц
line: =line =lines | ліні | лини
control: control | контрол | контрол
monitor: monitor observ | монітор спостер | монитор наблюд
mission: mission | місі | мисси
mediator: mediat | посеред | посредн
envoy: envoy representative | посланц посланник спецпредстав представник | посланник спецпредстав представител
ambassador: ambassad embass | посол посла посольств | посол посла посольств
statement: statement declar | заяв деклар | заявл деклар
report: report | повідом звіт | сообщ отчет
publish: publish | публік оприлюдн | публик обнарод
contact: contact | контакт | контакт
relation: relation ties | віднос відносин | отнош
memorandum: memorandum | меморанд | меморанд
trust: trust confid | довір | довер
honest: honest fair just | чесн справедлив | честн справедлив
durable: durable stable | стійк стабіл | прочн устойчив стабил
temporary: tempor | тимчас | времен
full: =full complete entire whole | повн цілком весь | полн весь цел
immediate: immediat =once urgent | негайн термін | немедл срочн
unconditional: uncondition | безумовн | безуслов
direct: direct | прям | прям
trilateral: trilateral three-way | тристорон | трехсторон
bilateral: bilateral | двосторон | двусторон
dialogue: dialog | діалог | диалог
mobilisation: mobili | мобіліз | мобилиз
commander: command general | командув генерал | командую командир генерал
intelligence: intelligence | розвід | развед
police: police | поліц | полиц
journalist: journalist reporter | журналіст | журналист
channel: channel | канал | канал
few: =few several | кілька декілька =небагато | несколько немного
left: =left remain remains | лишил залиш | остал оста
both: =both | обох обидв | обеих обоих =обе =оба
first: =first | перш | перв
third: =third | трет | трет
deportation: deport abduct | депорт викраден | депорт похищ
demilitaris: demilit | деміліт | демилит
nationalis: nazi | нацис денациф | нацис денациф
mine: =mine =mines demin | розмін мінн | разминир миниров
fortify: fortif reinforc | укріпл посил | укреп усил
checkpoint: checkpoint | пропуск | пропуск
"""

_DATES = """
monday: monday | понеділ | понедельн
tuesday: tuesday | вівтор | вторник
wednesday: wednesday | =середу =середи =середа =середою | =среду =среды =среда =средой
thursday: thursday | четвер | четверг
friday: friday | пятниц | пятниц
saturday: saturday | субот | суббот
sunday: sunday | неділ | воскресен
january: january | січн січен | январ
february: february | лют | феврал
march: =march | берез | март
april: april | квіт | апрел
may: | травн травен | =мая =май =мае
june: june | =червня =червень =червні | =июня =июнь =июне
july: july | лип =липня | июл
august: august | серп | август
september: september | верес | сентябр
october: october | жовт | октябр
november: november | листоп | ноябр
december: december | груд =грудня | декабр
"""

_PLACES = """
istanbul: istanbul | стамбул | стамбул
ankara*: ankara | анкар | анкар
geneva: geneva | женев | женев
moscow*: moscow | москв | москв
kyiv*: kyiv kiev | київ києв | киев
minsk*: minsk | мінськ | минск
brest: =brest | =брест =бресті =бреста | =брест =бресте =бреста
homel: homel gomel | гомел | гомел
riyadh: riyadh | =ріяд =ріяді =ріяда ріяд | рияд
jeddah: jeddah | =джидда джидд джедд | джидд
dhabi: dhabi | дабі | даби
doha: =doha | =доха =досі | =доха =дохе
miami: miami | маямі | майами
florida: florida | флорид | флорид
alaska: alaska | аляс | аляск
anchorage: anchorage | анкоридж | анкоридж
washington*: washington | вашингтон | вашингтон
london*: london | лондон | лондон
paris*: =paris | париж | париж
berlin*: berlin | берлін | берлин
rome: =rome | =рим =римі =риму | =рим =риме =рима
vienna: vienna | =відень =відні =відня | =вена =вене =вену =вены
brussels*: brussels | брюссел | брюссел
hague: hague | гааг гааз | гааг
warsaw: warsaw | варшав | варшав
budapest: budapest | будапешт | будапешт
kharkiv: kharkiv kharkov | харків харков | харьков
lviv: lviv | львів львов | львов
odesa: odesa odessa | одес | одесс
mariupol: mariupol | маріупол | мариупол
zaporizhzhia: zapori | запор | запорож
crimea: crimea | =крим =криму =криму =кримом кримськ | =крым =крыма =крыму =крымом крымск
donbas: donbas | донбас | донбасс
donetsk: donetsk | донецьк | донецк
luhansk: luhansk lugansk | луганськ | луганск
kherson: kherson | херсон | херсон
sumy: =sumy | =суми =сум =сумах =сумам сумськ сумщин | =сумы =сум =сумах =сумам сумск
poltava: poltava | полтав | полтав
chernihiv: chernihiv chernigov | черніг | черниг
mykolaiv: mykolaiv nikolaev | миколаїв миколаєв | николаев
dnipro: =dnipro dnepr dnipropetr | дніпр | днепр
cherkasy: cherkas | черкас | черкасс
vinnytsia: vinnyts vinnits | вінниц | винниц
kramatorsk: kramatorsk | краматорськ | краматорск
bakhmut: bakhmut | бахмут | бахмут
avdiivka: avdi | авдіїв | авдеев
izium: =izium =izyum | ізюм | =изюм =изюма =изюме =изюму
volnovakha: volnovakha | волновах | волновах
irpin: =irpin | ірпін ірпен | ирпен ирпін
enerhodar: enerhodar energodar | енергодар | энергодар
kerch: kerch | керч | керч
rostov: rostov | ростов | ростов
voronezh: voronezh | вороніж воронез | воронеж
davos: davos | давос | давос
munich: munich | мюнхен | мюнхен
dubai: dubai | дубаї дубай | дубай дубае
antalya: antalya | антал | антал
kursk: kursk | курськ курщин | курск
belgorod: belgorod | бєлгород білгород | белгород
bryansk: bryansk | брянськ | брянск
bucha: =bucha | =буча =бучі =бучу | =буча =буче =бучу
"""


class Concepts:
    """Says which meaning a word has, for texts in different languages to be compared by.

    The sides of the roster have a meaning each, as their names are in three languages.
    """

    def __init__(self, roster: Roster) -> None:
        self._tables = {language: dict[str, str]() for language in ("en", "uk", "ru")}
        _fill(self._tables, _MEANINGS, "")
        _fill(self._tables, _DATES, DATE)
        _fill(self._tables, _PLACES, PLACE)
        for side in roster.sides.values():
            for language, name in side.name.items():
                for word in name.split() if language in self._tables else ():
                    if len(word) > 4:
                        self._tables[language].setdefault(fold(clean(word))[:-2], SIDE + side.id)

    def of(self, form: str, language: str) -> str:
        """The meaning of an exact form, else the beginning of its sound behind SOUND, else ""."""
        table = self._tables.get(language, {})
        if meaning := table.get("=" + form):
            return meaning
        for end in range(len(form), 1, -1):
            if meaning := table.get(form[:end]):
                return meaning
        return SOUND + heard if (heard := sound(form)) else ""


DATE, PLACE, SIDE, SOUND = "day ", "at ", "side ", "~"
"""How the meanings of days and months, of places, of sides, and those that are only sounds begin."""

SEAT = "*"
"""How the meaning of a place ends that also stands for its government."""

THINGS = frozenset(
    """prisoner body child civilian refugee wounded killed grain gas oil loan asset weapon drone missile mine port ship
    hospital school language border sanction election referendum constitution budget army neutral corridor ceasefire
    exchange evacuation deportation nuclear energy list map letter""".split()
)
"""Meanings of which two texts do not each have one that the other lacks, if they tell the same."""

EXCLUSIVE = tuple(
    frozenset(some.split())
    for some in ("arrive leave", "begin finish", "resume pause", "accept refuse", "possible impossible", "victory lose")
)
"""Meanings of which one text has only one, if it tells what another tells."""

FRAMING = frozenset(
    """foreign deputy journalist adviser president minister ministry statement report publish channel envoy ambassador
    head office right-now take ~tvite ~teleg ~feisb ~instag ~pres ~press ~subsk ~pidpi ~podpi
    ~chita ~onlai ~foto ~video""".split()
)
"""Meanings that belong to the telling, not to what is told."""

_SOUND_LETTERS = 5


def sound(form: str) -> str:
    """The beginning of a word as it sounds in any of the languages, "" if it is too short to say anything."""
    heard = form.translate(_CYRILLIC) if is_cyrillic(form) else _latin(form)
    heard = _TWICE.sub(r"\1", heard)
    return heard[:_SOUND_LETTERS] if len(heard) >= _SOUND_LETTERS else ""


_CYRILLIC = str.maketrans(
    dict(zip("абвгдежзийклмнопрстуфхіїєыэ", "abvgdejziiklmnoprstufhiieie", strict=True))
    | {"ц": "c", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "iu", "я": "ia", "ь": "", "ъ": "", "'": ""}
)
_LATIN = (("tsch", "ch"), ("sch", "sh"), ("kh", "h"), ("ph", "f"), ("th", "t"), ("zh", "j"), ("ck", "k"), ("qu", "kv"))
_LATIN_LETTERS = str.maketrans({"w": "v", "y": "i", "x": "ks", "q": "k", "'": ""})
_SOFT_C = re.compile("c(?=[eiy])")
_HARD_C = re.compile("c(?!h)")
_TWICE = re.compile(r"(.)\1+")


def _latin(form: str) -> str:
    for letters, heard in _LATIN:
        form = form.replace(letters, heard)
    form = _SOFT_C.sub("\x00", form)
    return _HARD_C.sub("k", form).replace("\x00", "c").translate(_LATIN_LETTERS)


def _fill(tables: Mapping[str, dict[str, str]], rows: str, prefix: str) -> None:
    for row in rows.strip().splitlines():
        meaning, words = row.split(":", 1)
        for language, beginnings in zip(("en", "uk", "ru"), words.split("|"), strict=True):
            tables[language].update(dict.fromkeys(beginnings.split(), prefix + meaning))
