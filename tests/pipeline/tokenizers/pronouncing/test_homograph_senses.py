"""Sentences and the reading of a word in them that is two words written alike."""

import pytest

from tests.pipeline.tokenizers.pronouncing.said import said, table

SENTENCES = """
The pipes are made of lead. | lead | lˈɛd
He will lead the team. | lead | lˈid
Lead paint is dangerous. | lead | lˈɛd
She is in the lead. | lead | lˈid
All roads lead to Rome. | lead | lˈid
They tested for lead in the water. | lead | lˈɛd
Follow my lead. | lead | lˈid
They stood in a row. | row | ɹˈO
We had a terrible row last night. | row | ɹˈW
They had a row about money. | row | ɹˈW
Row the boat to shore. | row | ɹˈO
I'm content with my life. | content | kəntˈɛnt
The content of the box is secret. | content | kˈɑntɛnt
She makes content for children. | content | kˈɑntɛnt
Wait a minute. | minute | mˈɪnət
A minute amount is enough. | minute | mInˈut
He plays bass in a band. | bass | bˈAs
We caught a huge bass in the lake. | bass | bˈæs
You reap what you sow. | sow | sˈO
The sow had ten piglets. | sow | sˈW
The ticket is invalid. | invalid | ɪnvˈælɪd
She cared for an invalid. | invalid | ˈɪnvəlɪd
My Polish grandmother bakes. | polish | pˈOlɪʃ
Polish the silver. | polish | pˈɑlɪʃ
I need nail polish. | polish | pˈɑlɪʃ
He speaks Polish. | polish | pˈOlɪʃ
Does it work? | does | dˈʌz
Two does and a buck crossed the road. | does | dˈOz
What's your number? | number | nˈʌmbəɹ
My fingers grew number and number. | number | nˈʌməɹ
Send me your resume. | resume | ɹˈɛzəmˌA
We will resume at ten. | resume | ɹəzˈum
I learned a lot. | learned | lˈɜɹnd
He is a learned man. | learned | lˈɜɹnɪd
She blessed the child. | blessed | blˈɛst
The blessed silence. | blessed | blˈɛsɪd
It happened in August. | august | ˈɔɡəst
An august assembly met. | august | ɔɡˈʌst
I love my job. | job | ʤˈɑb
The book of Job is sad. | job | ʤˈOb
That's so nice. | nice | nˈIs
We flew to Nice. | nice | nˈis
Where this will lead, nobody knows. | lead | lˈid
The old house still has lead pipes. | lead | lˈɛd
Could you lead the way? | lead | lˈid
He plays the lead role. | lead | lˈid
The balloon went over like a lead balloon. | lead | lˈɛd
Our seats are in the front row. | row | ɹˈO
Are you content? | content | kəntˈɛnt
I create content for a living. | content | kˈɑntɛnt
He seemed quite content there. | content | kəntˈɛnt
Give me one minute. | minute | mˈɪnət
The differences are minute. | minute | mInˈut
In the last minute they scored. | minute | mˈɪnət
Turn the bass down, please. | bass | bˈAs
The restaurant serves grilled bass. | bass | bˈæs
We sow the seeds in spring. | sow | sˈO
Invalid password, try again. | invalid | ɪnvˈælɪd
The shoe polish ran out. | polish | pˈɑlɪʃ
Is she Polish? | polish | pˈOlɪʃ
You should polish your shoes. | polish | pˈɑlɪʃ
We ordered Polish food. | polish | pˈOlɪʃ
Could you resume the game? | resume | ɹəzˈum
Her resume is impressive. | resume | ɹˈɛzəmˌA
Every job has its bad days. | job | ʤˈɑb
He's been out of work since August. | august | ˈɔɡəst
Have a nice day. | nice | nˈIs
Last year we stayed in Nice for a week. | nice | nˈis
We moved to Des Moines. | des | də
Who took the lead in the race? | lead | lˈid
Don't lick it, it's lead paint. | lead | lˈɛd
That path might lead nowhere. | lead | lˈid
Four days in a row! | row | ɹˈO
Most of the content is free. | content | kˈɑntɛnt
Were you content back then? | content | kəntˈɛnt
Hold on a minute! | minute | mˈɪnət
Who plays the bass? | bass | bˈAs
Your argument is invalid. | invalid | ɪnvˈælɪd
I'll polish the table. | polish | pˈɑlɪʃ
Update your resume first. | resume | ɹˈɛzəmˌA
"""


@pytest.mark.parametrize(("sentence", "word", "phones"), table(SENTENCES))
def test_neighbours_tell_which_reading_is_meant(sentence: str, word: str, phones: str) -> None:
    assert said(sentence, word) == phones
    assert said(sentence.lower(), word) == phones


def test_a_capital_settles_what_neighbours_leave_open() -> None:
    assert said("I like the Polish one.", "polish") == "pˈOlɪʃ"
    assert said("I like the polish, Anna.", "polish") == "pˈɑlɪʃ"
    assert said("Send the résumé now.", "résumé") == "ɹˈɛzəmˌA"
