import pytest

from pipeline.tokenizers.phones import spell_to_phones
from pipeline.tokenizers.pronouncing.own_words import own_words
from pipeline.tokenizers.pronouncing.phone_alphabet import MARKS, PHONES, SOUNDS

NAMES_AND_NEW_WORDS = """
Siobhan ʃəvˈɔn; Nguyen nwˈɪn; Xavier zˈAvjəɹ; Joaquin wɑkˈin; Niamh nˈiv; Saoirse sˈɜɹʃə; Aoife
ˈifə; Caoimhe kˈivə; Sean ʃˈɔn; Geoff ʤˈɛf; Zoë zˈOi; Beyoncé biˈɑnsˌA; Chloë klˈOi; Björk
bjˈɔɹk; José hOzˈA; Renée ɹənˈA; Noël nOˈɛl; François fɹɑnswˈɑ; Zhang ʤˈɑŋ; Xi ʃˈi; Worcester
wˈʊstəɹ; Leicester lˈɛstəɹ; Edinburgh ˈɛdənbˌɜɹə; Greenwich ɡɹˈɛnɪʧ; Houston hjˈustᵊn; Arkansas
ˈɑɹkənsˌɔ; Illinois ˌɪlənˈY; Tucson tˈusˌɑn; Versailles vˌɜɹsˈI; Yosemite jOsˈɛməTi; Kubernetes
kˌubəɹnˈɛTiz; vlog vlˈɑɡ; podcast pˈɑdkˌæst; emoji ɪmˈOʤi; GIF ɡˈɪf; Wi-Fi wˈIfˌI; iPhone
ˈIfˌOn; YouTube jˈutˌub; GitHub ɡˈɪthˌʌb; ChatGPT ʧˌætʤˌipˌitˈi; OpenAI ˌOpənˌAˈI; Nvidia
ɛnvˈɪdiə; Huawei hwˈɑwˌA; Xiaomi ʃˈWmi; IKEA Ikˈiə; Porsche pˈɔɹʃə; Hyundai hˈʌndA; Adobe
ədˈObi; Linux lˈɪnəks; nginx ˈɛnʤɪnˈɛks; SQL sˈikwəl; JSON ʤˈAsən; regex ɹˈɛɡɛks; async ˈAsˌɪŋk;
kubectl kjˈubkəntɹˌOl; crypto kɹˈɪptˌO; Bitcoin bˈɪtkˌYn; Covid kˈOvˌɪd; Pfizer fˈIzəɹ; quinoa
kˈinwˌɑ; gyro ʤˈIɹO; pho fˈʌ; acai ˌɑsIˈi; bruschetta bɹuskˈɛTə; gnocchi njˈɑki; croissant
kɹwˌɑsˈɑnt; charcuterie ʃɑɹkˈuTəɹi; Hermione həɹmˈIəni; Daenerys dənˈɛɹɪs; Pikachu pˈikəʧˌu;
Sinead ʃənˈAd; Eoin ˈOən; Cillian kˈɪliən; Rhys ɹˈis; Jorge hˈɔɹhA; Javier hˌɑviˈɛɹ; Guillermo
ɡijˈɛɹmO; Giuseppe ʤəsˈɛpi; Giovanni ʤOvˈɑni; Johann jˈOhɑn; Dmitri dəmˈitɹi; Wojciech vˈOɪʧɛk;
Rajesh ɹɑʤˈɛʃ; Mohammed mOhˈɑmɪd; Ahmed ˈɑmɛd; Nathaniel nəθˈænjᵊl; Dylan dˈɪlən; Boris bˈɔɹɪs;
Tatiana tˌætˌiˈænˌɑ; Schneider ʃnˈIdəɹ; Schmidt ʃmˈɪt; Roosevelt ɹˈOzəvˌɛlt; O'Connor Okˈɑnəɹ;
Watanabe wˌɑTɑnˈɑbA; Hussain husˈAn; Birmingham bˈɜɹmɪŋəm; Reykjavik ɹˈAkjəvˌik; Marseille
mɑɹsˈA; Janeiro ʒənˈɛɹO; Albuquerque ˈælbəkˌɜɹki; Poughkeepsie pəkˈɪpsi; Oaxaca wɑhˈɑkə; Kyiv
kˈiv; Beijing bAʤˈɪŋ; Loughborough lˈʌfbəɹə; Southwark sˈʌðəɹk; Uber ˈubəɹ; PayPal pˈApˌæl;
Toyota tOjˈOTə; Volkswagen vˈOksvˌɑɡən; Audi ˈWdi; Renault ɹənˈO; Peugeot pˈuʒO; Versace
vəɹsˈɑʧi; Gucci ɡˈuʧi; Chanel ʃənˈɛl; Adidas ədˈidəs; PyTorch pˈItˌɔɹʧ; Wikipedia wˌɪkɪpˈidiə;
Ethereum ɪθˈɪɹiəm; Dogecoin dˈOʒkˌYn; selfie sˈɛlfi; hashtag hˈæʃtˌæɡ; clickbait klˈɪkbAt;
ransomware ɹˈænsəmwˌɛɹ; JavaScript ʤˈɑvəskɹˌɪpt; Python pˈIθˌɑn; screenshot skɹˈinʃˌɑt;
livestreaming lˈIvstɹˌimɪŋ; kombucha kɑmbˈuʧə; sriracha səɹˈɑʧə; jalapeño hˌæləpˈAnjO; cliché
kliʃˈA; déjà dˈAʒə; fiancée fiˈɑnsA
"""


@pytest.mark.parametrize("entry", NAMES_AND_NEW_WORDS.split(";"))
def test_names_and_new_words_are_said_as_people_say_them(entry: str) -> None:
    word, phones = entry.split()
    assert spell_to_phones(word) == phones


def test_every_entry_is_one_lower_case_word_in_the_alphabet() -> None:
    for word, phones in own_words().items():
        assert word == word.lower()
        assert word.isascii()
        assert set(phones) <= PHONES - MARKS - {" "}, word
        assert SOUNDS & set(phones), word
