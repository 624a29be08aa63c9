"""Sentences and the reading of a word in them that is noun or verb by its neighbours alone."""

import pytest

from tests.pipeline.tokenizers.pronouncing.said import said, table

SENTENCES = """
The wound healed slowly. | wound | wˈund
He wound the string around his finger. | wound | wˈWnd
She wound up in Paris. | wound | wˈWnd
Clean the wound first. | wound | wˈund
What's the use? | use | jˈus
You can use mine. | use | jˈuz
It's no use crying. | use | jˈus
We use it daily. | use | jˈuz
Make good use of it. | use | jˈus
I don't use sugar. | use | jˈuz
The phone is in use. | use | jˈus
She broke the world record. | record | ɹˈɛkəɹd
Can you record this call? | record | ɹəkˈɔɹd
They record every game. | record | ɹəkˈɔɹd
For the record, I disagree. | record | ɹˈɛkəɹd
The records show nothing. | records | ɹˈɛkəɹdz
She records her own songs. | records | ɹəkˈɔɹdz
I got you a present. | present | pɹˈɛzᵊnt
Let me present our guest. | present | pɹizˈɛnt
She was not present at the meeting. | present | pɹˈɛzᵊnt
He will present the award. | present | pɹizˈɛnt
Do you object to that? | object | əbʤˈɛkt
A strange object appeared. | object | ˈɑbʤəkt
I object! | object | əbʤˈɛkt
The project failed. | project | pɹˈɑʤˌɛkt
They project a loss this year. | project | pɹəʤˈɛkt
The desert is hot. | desert | dˈɛzəɹt
He would never desert his friends. | desert | dəzˈɜɹt
We buy fresh produce. | produce | pɹˈOdˌus
They produce cars. | produce | pɹədˈus
I refuse to answer. | refuse | ɹəfjˈuz
The refuse is collected on Monday. | refuse | ɹˈɛfjˌus
You need a permit. | permit | pˈɜɹmɪt
They won't permit it. | permit | pəɹmˈɪt
His conduct was awful. | conduct | kˈɑndˌʌkt
She will conduct the orchestra. | conduct | kəndˈʌkt
I signed the contract. | contract | kˈɑntɹˌækt
Muscles contract when cold. | contract | kəntɹˈækt
The conflict went on. | conflict | kˈɑnflˌɪkt
Those dates conflict with mine. | conflict | kənflˈɪkt
We won the contest. | contest | kˈɑntˌɛst
They will contest the will. | contest | kəntˈɛst
There was an increase in price. | increase | ˈɪnkɹˌis
Prices increase every year. | increase | ɪnkɹˈis
That's perfect. | perfect | pˈɜɹfəkt
I want to perfect my French. | perfect | pəɹfˈɛkt
We have separate rooms. | separate | sˈɛpəɹət
Separate the eggs. | separate | sˈɛpəɹˌAt
It's hard to separate them. | separate | sˈɛpəɹˌAt
Give me an estimate. | estimate | ˈɛstəmət
I estimate it at fifty. | estimate | ˈɛstəmˌAt
Excuse me. | excuse | ɪkskjˈuz
That's no excuse. | excuse | ɪkskjˈus
Don't abuse your power. | abuse | əbjˈuz
Drug abuse is common. | abuse | əbjˈus
Our house is small. | house | hˈWs
The centre can house fifty people. | house | hˈWz
The sewer is blocked. | sewer | sˈuəɹ
He moped around all day. | moped | mˈOpt
He rides a moped. | moped | mˈOpˌɛd
It was an intimate dinner. | intimate | ˈɪntəmət
On alternate days we run. | alternate | ˈɔltəɹnət
They alternate between tea and coffee. | alternate | ˈɔltəɹnˌAt
Change the subject. | subject | sˈʌbʤɛkt
They subject him to tests. | subject | səbʤˈɛkt
I suspect he lied. | suspect | səspˈɛkt
The suspect ran. | suspect | sˈʌspˌɛkt
The rebel was caught. | rebel | ɹˈɛbᵊl
Teenagers rebel against rules. | rebel | ɹəbˈɛl
The convict escaped. | convict | kˈɑnvˌɪkt
They will convict him. | convict | kənvˈɪkt
That is an insult. | insult | ˈɪnsˌʌlt
Don't insult me. | insult | ɪnsˈʌlt
Use the side entrance. | entrance | ˈɛntɹəns
I bought a new console. | console | kˈɑnsˌOl
Nothing could console her. | console | kənsˈOl
Patience is a rare attribute. | attribute | ˈætɹəbjˌut
I attribute it to luck. | attribute | ətɹˈɪbjˌut
I am reading. | reading | ɹˈidɪŋ
The train to Reading is late. | reading | ɹˈɛdɪŋ
She was born in Reading. | reading | ɹˈɛdɪŋ
He got better at reading. | reading | ɹˈidɪŋ
The soldier's wound was deep. | wound | wˈund
I've wound the clock already. | wound | wˈWnd
His words wound me. | wound | wˈund
What do you use it for? | use | jˈuz
That's of no use to me. | use | jˈus
You'd better use a pen. | use | jˈuz
We could use some help. | use | jˈuz
Is there any use in asking? | use | jˈus
My mum has kept every record since then. | record | ɹˈɛkəɹd
Off the record, I think he lied. | record | ɹˈɛkəɹd
Did anyone record the meeting? | record | ɹəkˈɔɹd
I'd like to record a message. | record | ɹəkˈɔɹd
Let's record it again. | record | ɹəkˈɔɹd
At present we have no plans. | present | pɹˈɛzᵊnt
I'm going to present my findings. | present | pɹizˈɛnt
Is everybody present? | present | pɹˈɛzᵊnt
There was a present under the tree. | present | pɹˈɛzᵊnt
Nobody would object if we left. | object | əbʤˈɛkt
The neighbours object to the noise. | object | əbʤˈɛkt
What is that object over there? | object | ˈɑbʤəkt
We project that sales will rise. | project | pɹəʤˈɛkt
How's the school project going? | project | pɹˈɑʤˌɛkt
Soldiers who desert are punished. | desert | dəzˈɜɹt
We drove through the desert for days. | desert | dˈɛzəɹt
The farm grows organic produce. | produce | pɹˈOdˌus
Can you produce any evidence? | produce | pɹədˈus
How could I refuse? | refuse | ɹəfjˈuz
They refuse to talk. | refuse | ɹəfjˈuz
Do I need a work permit? | permit | pˈɜɹmɪt
If time permits, and the rules permit it, we'll go. | permit | pəɹmˈɪt
We conduct interviews on Mondays. | conduct | kəndˈʌkt
The code of conduct is strict. | conduct | kˈɑndˌʌkt
My contract ends in June. | contract | kˈɑntɹˌækt
You could contract a disease. | contract | kəntɹˈækt
There's a conflict of interest. | conflict | kˈɑnflˌɪkt
Our stories conflict. | conflict | kənflˈɪkt
It was a beauty contest. | contest | kˈɑntˌɛst
We need to increase the budget. | increase | ɪnkɹˈis
Did they increase your rent? | increase | ɪnkɹˈis
The increase was huge. | increase | ˈɪnkɹˌis
You look perfect. | perfect | pˈɜɹfəkt
Keep them separate. | separate | sˈɛpəɹət
We separate the trash. | separate | sˈɛpəɹˌAt
At a rough estimate, ten. | estimate | ˈɛstəmət
They estimate that it'll take a week. | estimate | ˈɛstəmˌAt
There's always an excuse. | excuse | ɪkskjˈus
Please excuse the mess. | excuse | ɪkskjˈuz
He suffered years of abuse. | abuse | əbjˈus
They abuse the system. | abuse | əbjˈuz
Come over to my house. | house | hˈWs
The museum will house his paintings. | house | hˈWz
I suspect so. | suspect | səspˈɛkt
The police have a suspect. | suspect | sˈʌspˌɛkt
She tried to rebel. | rebel | ɹəbˈɛl
Is that meant as an insult? | insult | ˈɪnsˌʌlt
He insults everyone. | insults | ɪnsˈʌlts
What's the subject of the email? | subject | sˈʌbʤɛkt
All prices are subject to change. | subject | sˈʌbʤɛkt
I was reading in bed. | reading | ɹˈidɪŋ
I'd appreciate an update on our progress. | progress | pɹˈɑɡɹəs
We can't progress without a plan. | progress | pɹəɡɹˈɛs
Do you want a refund? | refund | ɹˈifˌʌnd
They should refund the money. | refund | ɹəfˈʌnd
Where do you import it from? | import | ɪmpˈɔɹt
The protest is on Sunday. | protest | pɹˈOtˌɛst
Open your mouth. | mouth | mˈWθ
The company went to court over the export ban. | export | ˈɛkspˌɔɹt
Do you have any use for this? | use | jˈus
Which app do you use? | use | jˈuz
My phone can't record video. | record | ɹəkˈɔɹd
We have no record of that. | record | ɹˈɛkəɹd
They just broke another record. | record | ɹˈɛkəɹd
What should I get her as a present? | present | pɹˈɛzᵊnt
Who's going to present first? | present | pɹizˈɛnt
Some people object to everything. | object | əbʤˈɛkt
Drop the object slowly. | object | ˈɑbʤəkt
Our new project starts tomorrow. | project | pɹˈɑʤˌɛkt
You really need to project your voice. | project | pɹəʤˈɛkt
She'd never desert us. | desert | dəzˈɜɹt
Cows produce milk. | produce | pɹədˈus
Why would she refuse? | refuse | ɹəfjˈuz
Parking permit holders only. | permit | pˈɜɹmɪt
How did they conduct the search? | conduct | kəndˈʌkt
You breached the contract. | contract | kˈɑntɹˌækt
I don't want any conflict. | conflict | kˈɑnflˌɪkt
Did the temperature increase? | increase | ɪnkɹˈis
A ten percent increase is fine. | increase | ˈɪnkɹˌis
They live separate lives. | separate | sˈɛpəɹət
Could you separate the whites from the colours? | separate | sˈɛpəɹˌAt
What's your best estimate? | estimate | ˈɛstəmət
What's your excuse this time? | excuse | ɪkskjˈus
Can I be excused? Excuse my manners. | excuse | ɪkskjˈuz
What do you suspect? | suspect | səspˈɛkt
We've got a new suspect. | suspect | sˈʌspˌɛkt
Did I insult you? | insult | ɪnsˈʌlt
That subject is boring. | subject | sˈʌbʤɛkt
He's trying to console her. | console | kənsˈOl
The kids want a games console. | console | kˈɑnsˌOl
We're moving house in August. | house | hˈWs
"""


@pytest.mark.parametrize(("sentence", "word", "phones"), table(SENTENCES))
def test_neighbours_tell_which_reading_is_meant(sentence: str, word: str, phones: str) -> None:
    assert said(sentence, word) == phones
    assert said(sentence.lower(), word) == phones
