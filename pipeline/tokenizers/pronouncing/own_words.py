"""Words that dictionary and network get wrong, or do not have: names, brands, new words, noises.

What stands here was found by reading lists of names, places and new words for what nobody says.
Bearers of a name may well say it another way, which a script can spell out.
"""

NAMES = """
sean ʃˈɔn; shaun ʃˈɔn; siobhan ʃəvˈɔn; niamh nˈiv; saoirse sˈɜɹʃə; aoife ˈifə; caoimhe kˈivə; eoin
ˈOən; ciaran kˈiɹən; grainne ɡɹˈɔnjə; roisin ɹOʃˈin; sinead ʃənˈAd; maeve mˈAv; padraig pˈɔdɹɪɡ;
tadhg tˈIɡ; cillian kˈɪliən; oisin ˈOʃin; fionn fjˈʌn; orla ˈɔɹlə; declan dˈɛklən; seamus ʃˈAməs;
angus ˈæŋɡəs; malachy mˈæləki; hamish hˈAmɪʃ; ewan jˈuən; eilidh ˈAli; rhys ɹˈis; sian ʃˈɑn; geoff
ʤˈɛf; geoffrey ʤˈɛfɹi; zoe zˈOi; chloe klˈOi; phoebe fˈibi; penelope pənˈɛləpi; persephone
pəɹsˈɛfəni; hermione həɹmˈIəni; naomi nAˈOmi; leah lˈiə; noah nˈOə; isaiah IzˈAə; elijah ɪlˈIʤə;
josiah ʤOsˈIə; micah mˈIkə; ezra ˈɛzɹə; caleb kˈAləb; gideon ɡˈɪdiən; tobias təbˈIəs; matthias
məθˈIəs; xavier zˈAvjəɹ; isla ˈIlə; eloise ˈɛlOˌiz; louise luˈiz; elise əlˈis; anais ˌɑnɑˈis;
renee ɹənˈA; desiree dˌɛzəɹˈA; esme ˈɛzmA; francois fɹɑnswˈɑ; francoise fɹɑnswˈɑz; jean ʤˈin;
pierre piˈɛɹ; jacques ʒˈɑk; guillaume ɡiˈOm; etienne ˌAtjˈɛn; genevieve ʤˈɛnəvˌiv; thierry tjˈɛɹi;
benoit bənwˈɑ; antoine ˈæntwɑn; camille kəmˈil; margaux mɑɹɡˈO; beau bˈO; beyonce biˈɑnsˌA;
rihanna ɹiˈɑnə; timothee tˌɪməθˈA; chalamet ʃˈæləmˌA; jose hOzˈA; juan wˈɑn; jorge hˈɔɹhA; javier
hˌɑviˈɛɹ; joaquin wɑkˈin; guillermo ɡijˈɛɹmO; miguel mɪɡˈɛl; alejandro ˌɑləhˈɑndɹO; alejandra
ˌɑləhˈɑndɹə; jaime hˈImA; julio hˈuliˌO; raul ɹɑˈul; ximena himˈAnə; xochitl sˈOʧil; guadalupe
ɡwˌɑdəlˈupA; beatriz bAətɹˈis; inigo ˈɪnɪɡO; carlos kˈɑɹlOs; pablo pˈɑblO; diego diˈAɡO; santiago
sˌæntiˈɑɡO; mateo mətˈAO; ignacio ɪɡnˈɑsiO; hernandez həɹnˈændɛz; rodriguez ɹɑdɹˈiɡɛz; gonzalez
ɡənzˈɑlɛz; garcia ɡɑɹsˈiə; martinez mɑɹtˈinɛz; jimenez himˈɛnɛz; vazquez vˈæskɛz; joao ʒwˈW;
thiago tiˈɑɡO; paulo pˈWlO; sao sˈW; giovanni ʤOvˈɑni; giuseppe ʤəsˈɛpi; gianni ʤˈɑni; giorgio
ʤˈɔɹʤO; luigi luˈiʤi; chiara kiˈɑɹə; bianca biˈɑŋkə; alessandro ˌæləsˈændɹO; matteo mətˈAO; lucia
lusˈiə; guido ɡwˈidO; versace vəɹsˈɑʧi; gucci ɡˈuʧi; fabrizio fəbɹˈitsiO; jurgen jˈɜɹɡən; jorg
jˈɔɹɡ; johann jˈOhɑn; johannes jOhˈɑnəs; johan jˈOhɑn; heidi hˈIdi; hans hˈɑns; dieter dˈiTəɹ;
wolfgang wˈʊlfɡˌæŋ; klaus klˈWs; bjork bjˈɔɹk; bjorn bjˈɔɹn; soren sˈɔɹən; astrid ˈæstɹɪd; lars
lˈɑɹz; sven svˈɛn; anders ˈɑndəɹz; freya fɹˈAə; saga sˈɑɡə; jens jˈɛnz; mikkel mˈɪkəl; aino ˈInO;
dmitri dəmˈitɹi; svetlana svɛtlˈɑnə; nikolai nˈɪkəlˌI; mikhail mɪkhˈIl; sergei sɛɹɡˈA; yevgeny
jɪvɡˈAni; oksana ɑksˈɑnə; olha ˈOlhə; wojciech vˈOɪʧɛk; agnieszka ˌɑɡnjˈɛʃkə; katarzyna
kˌɑTəɹʒˈinə; zbigniew zbˈɪɡnjɛf; kowalski kəvˈɑlski; milos mˈilOʃ; goran ɡˈɔɹɑn; novak nˈOvæk;
djokovic ʤˈOkəvɪʧ; nguyen nwˈɪn; tran tɹˈæn; pham fˈɑm; huynh hwˈɪn; phuong fˈuɔŋ; zhang ʤˈɑŋ;
zhao ʤˈW; zhou ʤˈO; zheng ʤˈʌŋ; xi ʃˈi; xu ʃˈu; xiao ʃˈW; xin ʃˈɪn; xiang ʃjˈɑŋ; qian ʧjˈɛn; qi
ʧˈi; qing ʧˈɪŋ; cao tsˈW; cai tsˈI; wang wˈɑŋ; huang hwˈɑŋ; jing ʤˈɪŋ; yu jˈu; li lˈi; liu ljˈu;
hyun hjˈʌn; jiwoo ʤˈiu; choi ʧˈY; seung sˈʌŋ; hiroshi hɪɹˈOʃi; haruki hɑɹˈuki; keiko kˈAkO;
daisuke dˈIskA; kenji kˈɛnʤi; yuki jˈuki; akira əkˈɪɹə; sakura sˈɑkʊɹə; satoshi sətˈOʃi; murakami
mˌʊɹəkˈɑmi; ahmed ˈɑmɛd; ahmad ˈɑmæd; mohammed mOhˈɑmɪd; mohamed mOhˈɑmɪd; ibrahim ˌibɹəhˈim;
hussein husˈAn; yusuf jˈusəf; aisha iˈiʃə; khadija kədˈiʤə; layla lˈAlə; tariq tˈɑɹɪk; khalid
kəlˈid; hassan hˈɑsɑn; omar ˈOmɑɹ; zainab zˈAnɑb; amir əmˈɪɹ; rajesh ɹɑʤˈɛʃ; deepak dˈipɑk; anjali
ˈʌnʤəli; priya pɹˈijə; arjun ˈɑɹʤun; sanjay sˈʌnʤA; lakshmi lˈʌkʃmi; vijay vˈiʤA; ananya ənˈʌnjə;
siddharth sɪdˈɑɹθ; krishnan kɹˈɪʃnən; patel pətˈɛl; singh sˈɪŋ; gupta ɡˈuptə; chidi ʧˈidi; ngozi
ŋɡˈOzi; adichie ədˈiʧA; chimamanda ʧˌimɑmˈɑndə; oluwaseun ˌOluwəʃˈAun; kwame kwˈɑmA; imani ɪmˈɑni;
keisha kˈiʃə; lupita lupˈiTə; nyongo njˈɔŋɡO; thandiwe tændˈiwA; tyrone tIɹˈOn; deshawn dəʃˈɔn;
latoya lətˈYə; mackenzie məkˈɛnzi; kayleigh kˈAli; leigh lˈi; ashleigh ˈæʃli; hayleigh hˈAli;
mcleod məklˈWd; mckay məkˈA; buchanan bjukˈænən; menzies mˈɛnziz; cholmondeley ʧˈʌmli; beauchamp
bˈiʧəm; featherstonehaugh fˈænʃɔ; mainwaring mˈænəɹɪŋ; pepys pˈips; keats kˈits; yeats jˈAts;
goethe ɡˈɜɹTə; nietzsche nˈiʧə; proust pɹˈust; camus kæmˈu; foucault fukˈO; descartes dAkˈɑɹt;
dvorak dvˈɔɹʒæk; chopin ʃˈOpæn; kafka kˈɑfkə; freud fɹˈYd; jung jˈʊŋ; euler ˈYləɹ; gauss ɡˈWs;
schrodinger ʃɹˈOdɪŋəɹ; heisenberg hˈIzənbˌɜɹɡ; bezos bˈAzOs; pichai pɪʧˈI; nadella nədˈɛlə;
zuckerberg zˈʌkəɹbˌɜɹɡ; schwarzenegger ʃwˈɔɹtsənˌɛɡəɹ; gyllenhaal ʤˈɪlənhˌɔl; mckellen məkˈɛlən;
ronan ɹˈOnən; saldana sɑldˈɑnə; swayze swˈAzi; matthew mˈæθju; stephen stˈivən; ralph ɹˈælf; ian
ˈiən; colin kˈɑlɪn; nigel nˈIʤəl; hugh hjˈu; graham ɡɹˈAəm; lydia lˈɪdiə; cecilia səsˈiljə; alicia
əlˈiʃə; marcia mˈɑɹʃə; tricia tɹˈɪʃə; felicia fəlˈiʃə; thalia tˈɑliə; nadia nˈɑdiə; tanya tˈɑnjə;
mia mˈiə; aria ˈɑɹiə; amelia əmˈiljə; olivia əlˈɪviə; theo θˈiO; leo lˈiO; mila mˈilə; luca lˈukə;
nico nˈikO; enzo ˈɛnzO; daenerys dənˈɛɹɪs; targaryen tɑɹɡˈɛɹiən; cersei sˈɜɹsi; arya ˈɑɹjə;
pikachu pˈikəʧˌu; pokemon pˈOkəmˌɑn; charizard ʧˈɑɹɪzˌɑɹd; gandalf ɡˈændɑlf; legolas lˈɛɡələs;
galadriel ɡəlˈædɹiəl; smeagol smˈiɡəl; eowyn ˈAOwɪn; voldemort vˈOldəmˌɔɹ; chewbacca ʧubˈɑkə;
geralt ɡˈɛɹɑlt; naruto nˈɑɹutO; totoro tOtˈOɹO; zendaya zəndˈAə; lizzo lˈɪzO; adele ədˈɛl; shakira
ʃəkˈɪɹə; aiden ˈAdᵊn; camila kəmˈilə; cordelia kɔɹdˈiliə; ingeborg ˈɪŋəbˌɔɹɡ; ludmila ludmˈilə;
igor ˈiɡɔɹ; misha mˈiʃə; sasha sˈɑʃə; dimitris dɪmˈitɹɪs; eleni əlˈAni; emre ˈɛmɹA; ayse Iʃˈɛ;
samira səmˈiɹə; mbappe əmbˈɑpA; adebayo ˌɑdəbˈIO; hathaway hˈæθəwˌA; delacroix dˌɛləkɹwˈɑ;
lefebvre ləfˈɛv; dubois dubwˈɑ; nakamura nˌɑkəmˈʊɹə; imogen ˈɪməʤən; gabriella ɡˌæbɹiˈɛlə; jayden
ʤˈAdᵊn
"""

PLACES = """
moines mˈYn; jolla hˈYə; birmingham bˈɜɹmɪŋəm; yosemite jOsˈɛməTi; mackinac mˈækənˌɔ; puyallup
pjuˈæləp; reno ɹˈinO; tangier tænʤˈɪɹ; cancun kænkˈun; bogota bˌOɡətˈɑ; buenos bwˈAnəs; aires
ˈɛɹiz; rio ɹˈiO; janeiro ʒənˈɛɹO; lyon liˈOn; marseille mɑɹsˈA; marseilles mɑɹsˈA; cannes kˈæn;
reims ɹˈimz; nimes nˈim; calais kælˈA; krakow kɹˈɑkWf; lodz wˈuʤ; kyiv kˈiv; odesa Odˈɛsə; kharkiv
hˈɑɹkɪv; reykjavik ɹˈAkjəvˌik; gdansk ɡədˈænsk; tbilisi təbəlˈisi; xian ʃiˈɑn; qingdao ʧɪŋdˈW;
chongqing ʧʊŋʧˈɪŋ; beijing bAʤˈɪŋ; busan busˈɑn; incheon ˈɪnʧʌn; hyderabad hˈIdəɹəbˌæd; pune
pˈunA; phuket pukˈɛt; phnom pənˈɔm; penh pˈɛn; laos lˈWs; iraq ɪɹˈɑk; iran ɪɹˈɑn; qatar kətˈɑɹ;
dubai dubˈI; riyadh ɹijˈɑd; beirut bAɹˈut; ankara ˈæŋkəɹə; addis ˈædɪs; ababa ˈæbəbə; kinshasa
kɪnʃˈɑsə; ouagadougou wˌɑɡədˈuɡu; loughborough lˈʌfbəɹə; slough slˈW; southwark sˈʌðəɹk;
marylebone mˈɑɹlɪbən; holborn hˈObəɹn; leominster lˈɛmstəɹ; bicester bˈɪstəɹ; towcester tˈOstəɹ;
alnwick ˈænɪk; berwick bˈɛɹɪk; keswick kˈɛzɪk; durham dˈʌɹəm; cirencester sˈIɹənsˌɛstəɹ; edinburgh
ˈɛdənbˌɜɹə; dun dˈʌn; laoghaire lˈɪɹi; cairns kˈɛɹnz; wagga wˈɑɡə; oahu Oˈɑhu; maui mˈWi; hawaii
həwˈIi; kauai kˈWI; waikiki wˌIkikˈi; boise bˈYsi; nevada nəvˈædə; dalles dˈælz; natchitoches
nˈækətəʃ; schuylkill skˈukəl; bexar bˈɛɹ; mojave mOhˈɑvi; louvre lˈuvɹə
"""

BRANDS_AND_NEW_WORDS = """
kubernetes kˌubəɹnˈɛTiz; wifi wˈIfˌI; iphone ˈIfˌOn; ipad ˈIpˌæd; ipod ˈIpˌɑd; imac ˈImˌæk; ios
ˌIˌOˈɛs; github ɡˈɪthˌʌb; gitlab ɡˈɪtlˌæb; chatgpt ʧˌætʤˌipˌitˈi; gpt ʤˌipˌitˈi; openai ˌOpənˌAˈI;
huawei hwˈɑwˌA; xiaomi ʃˈWmi; ikea Ikˈiə; porsche pˈɔɹʃə; hyundai hˈʌndA; nginx ˈɛnʤɪnˈɛks; json
ʤˈAsən; async ˈAsˌɪŋk; kubectl kjˈubkəntɹˌOl; pfizer fˈIzəɹ; acai ˌɑsIˈi; bruschetta bɹuskˈɛTə;
pytorch pˈItˌɔɹʧ; numpy nˈʌmpˌI; scipy sˈIpˌI; pypi pˌIpˌiˈI; mysql mˌIsˈikwəl; postgres
pˈOstɡɹɛs; sqlite sˈikwəlˌIt; redis ɹˈɛdɪs; debian dˈɛbiən; wikipedia wˌɪkɪpˈidiə; uber ˈubəɹ;
airbnb ˈɛɹbˌiˌɛnbˈi; paypal pˈApˌæl; baidu bˈIdu; wechat wˈiʧˌæt; whatsapp wˈɑtsˌæp; toyota
tOjˈOTə; mazda mˈɑzdə; volkswagen vˈOksvˌɑɡən; audi ˈWdi; renault ɹənˈO; peugeot pˈuʒO; citroen
sˈɪtɹOˌɛn; skoda skˈOdə; lamborghini lˌæmbəɹɡˈini; bugatti buɡˈɑTi; ducati dukˈɑTi; kawasaki
kˌɑwəsˈɑki; givenchy ʒivɑnʃˈi; dior diˈɔɹ; vuitton vwitˈɔn; chanel ʃənˈɛl; adidas ədˈidəs; yves
ˈiv; laurent lɔɹˈɑn; loreal lˌɔɹiˈæl; nestle nˈɛslA; lancome lˌɑnkˈOm; moet mOˈɛt; hennessy
hˈɛnəsi; heineken hˈInəkən; hoegaarden hˈuɡɑɹdən; haagen hˈɑɡən; dazs dˈɑz; leffe lˈɛf; asus
Asˈus; acer ˈAsəɹ; canva kˈænvə; figma fˈɪɡmə; hulu hˈulu; twitch twˈɪʧ; bing bˈɪŋ; siri sˈɪɹi;
alexa əlˈɛksə; mastodon mˈæstədˌɑn; ethereum ɪθˈɪɹiəm; dogecoin dˈOʒkˌYn; doge dˈOʒ; nft
ˌɛnˌɛftˈi; usb jˌuˌɛsbˈi; api ˌApˌiˈI; apis ˌApˌiˈIz; url jˌuˌɑɹˈɛl; urls jˌuˌɑɹˈɛlz; pdf
pˌidˌiˈɛf; html ˌAʧtˌiˌɛmˈɛl; faq ˌɛfˌAkjˈu; css sˌiˌɛsˈɛs; devops dˈɛvˌɑps; emacs ˈimˌæks; zsh
zˌiˌɛsˈAʧ; mrna ˌɛmˌɑɹˌɛnˈA; covid kˈOvˌɪd; ozempic Ozˈɛmpɪk; ai ˌAˈI; ui jˌuˈI; ux jˌuˈɛks; cpu
sˌipˌijˈu; gpu ʤˌipˌijˈu; ceo sˌiˌiˈO; cto sˌitˌiˈO; diy dˌiˌIwˈI; gui ɡˈui; wasm wˈɑzəm; yaml
jˈæməl; toml tˈɑməl; sudo sˈudu; grpc ʤˌiˌɑɹpˌisˈi; oauth ˈOˌɔθ; vite vˈit; vue vjˈu; deno dˈinO;
svelte svˈɛlt; django ʤˈæŋɡO; nuxt nˈʌkst; huggingface hˈʌɡɪŋfˌAs; llm ˌɛlˌɛlˈɛm; llms ˌɛlˌɛlˈɛmz;
openvino ˌOpənvˈinO; qr kjˌuˈɑɹ; creme kɹˈɛm; brulee bɹulˈA; hors ˈɔɹ; d'oeuvre dˈɜɹv; d'oeuvres
dˈɜɹvz; foie fwˈɑ; paneer pənˈɪɹ; ghanoush ɡənˈuʃ; gallo ɡˈIO; banh bˈɑn; nicoise niswˈɑz;
bouillabaisse bˌujəbˈAs; gruyere ɡɹujˈɛɹ; rioja ɹiˈOhɑ; sauvignon sˌOvinjˈɔn; pinot pˈinO;
caipirinha kˌIpəɹˈinjə; gyoza ɡjˈOzə; tteokbokki təkbˈOki; bibimbap bˈibɪmbˌɑp; bulgogi bʊlɡˈOɡi;
vichyssoise vˌɪʃiswˈɑz; charcuterie ʃɑɹkˈuTəɹi; jalapeno hˌæləpˈAnjO; acetone ˈæsətˌOn; deja
dˈAʒə; fiance fiˈɑnsA; fiancee fiˈɑnsA; protege pɹˈOTəʒˌA; cliche kliʃˈA; touche tuʃˈA; voila
vwˌɑlˈɑ; apropos ˌæpɹəpˈO; vis vˈi; risque ɹɪskˈA; soiree swɑɹˈA; macrame mˈækɹəmˌA; papier
pˌApəɹ; mache məʃˈA; melee mˈAlˌA; coulda kˈʊdə; shoulda ʃˈʊdə; woulda wˈʊdə; mighta mˈITə; oughta
ˈɔTə; hafta hˈæftə; lotta lˈɑTə; whatcha wˈʌʧə; gotcha ɡˈɑʧə; betcha bˈɛʧə; innit ˈɪnɪt; finna
fˈɪnə; imma ˈImə; yall jˈɔl; em əm; n'est nˈɛ; til tˈɪl; tho ðˈO; thru θɹˈu; nite nˈIt; lol lˈɑl;
omg ˌOˌɛmʤˈi; btw bˌitˌidˈʌbəljˌu; rofl ɹˈOfəl; ok ˌOkˈA; yolo jˈOlO; rizz ɹˈɪz; yeet jˈit; simp
sˈɪmp; kpop kˈApˌɑp; gyat ɡjˈɑt; cheugy ʧˈuɡi; patreon pˈAtɹiən; vscode vˌiˌɛskˈOd; pycharm
pˈIʧˌɑɹm; langchain lˈæŋʧˌAn; webpack wˈɛbpˌæk; midjourney mˈɪdʤˌɜɹni; keto kˈiTO; rebase ɹˌibˈAs;
spacex spˌAsˈɛks; ollama Olˈɑmə
"""

NOISES = """
hm hm; hmm hmm; mhm mhˈm; mm m; mmm mm; mhmm mhˈm; shh ʃʃ; sh ʃ; psst pst; pst pst; brr bˈɜɹ; grr
ɡˈɜɹ; ugh ˈʌɡ; ew ˈiu; eww ˈiu; pfft pft; pff pf; tsk tˈɪsk; tut tˈʌt; phew fjˈu; whew hwˈu; aw
ˈɔ; aww ˈɔ; ah ˈɑ; ahh ˈɑ; ooh ˈu; oh ˈO; ohh ˈO; uh ˈʌ; uhh ˈʌ; um ˈʌm; umm ˈʌm; er ˈɜɹ; erm
ˈɜɹm; huh hˈʌ; heh hˈɛ; hah hˈɑ; haha hˌɑhˈɑ; hahaha hˌɑhɑhˈɑ; hehe hˌihˈi; aha ɑhˈɑ; woah wˈO;
whoa wˈO; whoah wˈO; yay jˈA; yeah jˈæ; yup jˈʌp; nah nˈɑ; oops ˈups; whoops wˈʊps; eek ˈik; argh
ˈɑɹɡ; achoo əʧˈu; zzz zz; tada tədˈɑ; uh-huh əhˈʌ; uh-uh ˈʌʌ; mm-hmm mhˈm; mm-hm mhˈm; nuh-uh
nˈʌˌʌ; uh-oh ˈʌˌO; ha-ha hˌɑhˈɑ; nope nˈOp; meh mˈɛ; bleh blˈɛ; duh dˈʌ; ooof ˈuf; oof ˈuf; yo
jˈO; ay ˈA
"""

DEFAULT = "DEFAULT"
"""The tag of the usual reading, as in misaki's dictionaries."""
OWN_READINGS: dict[str, dict[str, str]] = {
    "lead": {DEFAULT: "lˈid", "METAL": "lˈɛd"},
    "row": {DEFAULT: "ɹˈO", "QUARREL": "ɹˈW"},
    "rows": {DEFAULT: "ɹˈOz", "QUARREL": "ɹˈWz"},
    "bow": {DEFAULT: "bˈO", "VERB": "bˈW"},
    "number": {DEFAULT: "nˈʌmbəɹ", "NUMB": "nˈʌməɹ"},
    "sewer": {DEFAULT: "sˈuəɹ", "TAILOR": "sˈOəɹ"},
    "does": {DEFAULT: "dˈʌz", "DEER": "dˈOz"},
    "resume": {DEFAULT: "ɹəzˈum", "NOUN": "ɹˈɛzəmˌA"},
    "blessed": {DEFAULT: "blˈɛst", "ADJ": "blˈɛsɪd"},
    "aged": {DEFAULT: "ˈAʤd", "ADJ": "ˈAʤɪd"},
    "polish": {DEFAULT: "pˈɑlɪʃ", "NATION": "pˈOlɪʃ"},
    "august": {DEFAULT: "ˈɔɡəst", "ADJ": "ɔɡˈʌst"},
    "job": {DEFAULT: "ʤˈɑb", "NAME": "ʤˈOb"},
    "nice": {DEFAULT: "nˈIs", "NAME": "nˈis"},
    "reading": {DEFAULT: "ɹˈidɪŋ", "NAME": "ɹˈɛdɪŋ"},
    "mobile": {DEFAULT: "mˈObᵊl", "NAME": "mObˈil"},
    "latex": {DEFAULT: "lˈAtˌɛks", "TYPESETTING": "lˈɑtɛk"},
    "des": {DEFAULT: "dˈɛz", "NAME": "də"},
    "bass": {DEFAULT: "bˈAs", "FISH": "bˈæs"},
    "export": {DEFAULT: "ˈɛkspˌɔɹt", "VERB": "ɪkspˈɔɹt"},
    "exports": {DEFAULT: "ˈɛkspˌɔɹts", "VERB": "ɪkspˈɔɹts"},
    "protest": {DEFAULT: "pɹˈOtˌɛst", "VERB": "pɹətˈɛst"},
    "protests": {DEFAULT: "pɹˈOtˌɛsts", "VERB": "pɹətˈɛsts"},
}
"""Readings that the dictionary does not know, or has under tags that no rule of ours gives."""


def own_words() -> dict[str, str]:
    """Every word of the tables.

    Returns:
        Word, lower case and without accents → its phones in `PHONES`.
    """
    tables = (NAMES, PLACES, BRANDS_AND_NEW_WORDS, NOISES)
    return dict(entry.split() for table in tables for entry in table.split(";"))
