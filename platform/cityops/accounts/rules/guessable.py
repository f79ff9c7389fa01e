"""What of a password a guesser tries first: words of the trade and of places, walks over the keyboard, years."""

import re
from collections.abc import Iterable

TRADE = (
    *("cityops", "password", "passwd", "admin", "administrator", "root", "test", "demo", "welcome", "letmein", "login"),
    *("chengguan", "yunguanfu", "chengshi", "guanli", "pingtai", "xitong", "anquan", "shenji", "mima", "woaini"),
    *("zhongguo", "china", "sheng", "iloveyou", "system", "security", "audit", "user", "guest"),
)
"""Words of the product, of the trade, and of everybody."""
PLACES = (
    *("beijing", "tianjin", "hebei", "shanxi", "neimenggu", "liaoning", "jilin", "heilongjiang", "shanghai", "jiangsu"),
    *("zhejiang", "anhui", "fujian", "jiangxi", "shandong", "henan", "hubei", "hunan", "guangdong", "guangxi"),
    *("hainan", "chongqing", "sichuan", "guizhou", "yunnan", "xizang", "shaanxi", "gansu", "qinghai", "ningxia"),
    *("xinjiang", "taiwan", "xianggang", "hongkong", "aomen", "macao"),
    *("shijiazhuang", "tangshan", "qinhuangdao", "handan", "xingtai", "baoding", "langfang", "cangzhou", "taiyuan"),
    *("datong", "huhehaote", "hohhot", "baotou", "shenyang", "dalian", "anshan", "changchun", "harbin", "haerbin"),
    *("daqing", "nanjing", "wuxi", "xuzhou", "changzhou", "suzhou", "nantong", "lianyungang", "yancheng", "yangzhou"),
    *("zhenjiang", "taizhou", "suqian", "hangzhou", "ningbo", "wenzhou", "jiaxing", "huzhou", "shaoxing", "jinhua"),
    *("quzhou", "zhoushan", "lishui", "hefei", "wuhu", "bengbu", "fuzhou", "xiamen", "quanzhou", "zhangzhou"),
    *("nanchang", "jiujiang", "ganzhou", "jinan", "qingdao", "zibo", "yantai", "weifang", "jining", "weihai"),
    *("rizhao", "linyi", "zhengzhou", "luoyang", "kaifeng", "nanyang", "wuhan", "yichang", "xiangyang", "changsha"),
    *("zhuzhou", "xiangtan", "hengyang", "yueyang", "guangzhou", "shenzhen", "zhuhai", "shantou", "foshan", "jiangmen"),
    *("zhanjiang", "huizhou", "dongguan", "zhongshan", "nanning", "liuzhou", "guilin", "beihai", "haikou", "sanya"),
    *("chengdu", "mianyang", "deyang", "leshan", "guiyang", "zunyi", "kunming", "dali", "lijiang", "lasa", "lhasa"),
    *("xian", "xianyang", "baoji", "lanzhou", "xining", "yinchuan", "wulumuqi", "urumqi", "xihu"),
)
"""Provinces, their capitals and larger cities in pinyin, as they stand on every map."""
WALKS = (
    *(
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    ),
    *("qazwsxedcrfvtgbyhnujm", "147258369", "q1w2e3r4t5y6u7i8o9p0"),
)
SHORTEST_WALK = 4
_ALL_WALKS = (*WALKS, *(walk[::-1] for walk in WALKS))
_READ_AS = str.maketrans("@4031$5", "aaoeiss")
_KEYS = str.maketrans("!@#$%^&*()", "1234567890")
"""Signs → the keys they stand on."""
_ODDMENTS = re.compile(r"(.)\1{2,}|(?:19|20)[0-9]{2}")
"""One character three times or more; a year."""


def own_length(password: str, words: Iterable[str] = ()) -> int:
    """How many characters a guesser does not try first: those in no word, walk of four keys, repetition or year.

    ``words`` are further ones in lower case, as the name of the instance's own place. Digits and signs that stand for
    letters (``p@ssw0rd``) are read as these.
    """
    lowered = password.lower()
    told: set[int] = set()
    for word in {*TRADE, *PLACES, *words} - {""}:
        for text in (lowered, lowered.translate(_READ_AS)):
            told |= _where(word, text)
    keys = lowered.translate(_KEYS)
    for start in range(len(keys)):
        told.update(range(start, start + _walk_at(keys, start)))
    for found in _ODDMENTS.finditer(lowered):
        told.update(range(*found.span()))
    return len(password) - len(told)


def _where(word: str, text: str) -> set[int]:
    return {at for found in re.finditer(re.escape(word), text) for at in range(*found.span())}


def _walk_at(text: str, start: int) -> int:
    """Length of the longest walk that begins here; 0 for one that is too short to be one."""
    end = start + SHORTEST_WALK
    while end <= len(text) and any(text[start:end] in walk for walk in _ALL_WALKS):
        end += 1
    length = end - 1 - start
    return length if length >= SHORTEST_WALK else 0
