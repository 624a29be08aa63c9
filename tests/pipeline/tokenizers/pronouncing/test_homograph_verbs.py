"""Sentences and the reading of a word in them that hangs on verb, noun or time."""

import pytest

from tests.pipeline.tokenizers.pronouncing.said import said, table

SENTENCES = """
I read the whole book yesterday. | read | ɹˈɛd
She read it to me before bed. | read | ɹˈɛd
I want to read that again. | read | ɹˈid
Have you read the news? | read | ɹˈɛd
Did you read my message? | read | ɹˈid
I read every night before I sleep. | read | ɹˈid
Please read this aloud. | read | ɹˈid
The letter was read in silence. | read | ɹˈɛd
They don't read much. | read | ɹˈid
My dad read us stories. | read | ɹˈɛd
He sat down and read the paper. | read | ɹˈɛd
We like to sit and read in the garden. | read | ɹˈid
I've already read it twice. | read | ɹˈɛd
Read the instructions first. | read | ɹˈid
It's a good read. | read | ɹˈid
Can she read yet? | read | ɹˈid
The sign read no entry. | read | ɹˈɛd
I'll read it later. | read | ɹˈid
Who read the report last week? | read | ɹˈɛd
You never read my emails. | read | ɹˈid
Most people read the headline and nothing else. | read | ɹˈid
I live in Boston. | live | lˈɪv
We watched a live concert. | live | lˈIv
The show is live tonight. | live | lˈIv
Where do you live? | live | lˈɪv
My parents live near the sea. | live | lˈɪv
We're going live in ten seconds. | live | lˈIv
Fish live in water. | live | lˈɪv
This is live from New York. | live | lˈIv
You have to live with it. | live | lˈɪv
Be careful, that wire is live. | live | lˈIv
Long live the king! | live | lˈɪv
They live alone. | live | lˈɪv
It was broadcast live. | live | lˈIv
Live your life. | live | lˈɪv
She lives next door. | lives | lˈɪvz
Seat belts save lives. | lives | lˈIvz
Cats have nine lives. | lives | lˈIvz
My brother lives in Leeds. | lives | lˈɪvz
Our lives changed that day. | lives | lˈIvz
Everyone who lives here knows him. | lives | lˈɪvz
It changed people's lives. | lives | lˈIvz
The wind is strong today. | wind | wˈɪnd
You need to wind the clock. | wind | wˈInd
Let's wind up the meeting. | wind | wˈInd
A cold wind blew. | wind | wˈɪnd
The road winds through the hills. | winds | wˈIndz
Strong winds are expected. | winds | wˈɪndz
Wind the rope around the post. | wind | wˈInd
Gone with the wind. | wind | wˈɪnd
Please close the door. | close | klˈOz
We are very close friends. | close | klˈOs
That was close! | close | klˈOs
The shop will close at nine. | close | klˈOz
Stay close to me. | close | klˈOs
Close your eyes. | close | klˈOz
Banks close early on Fridays. | close | klˈOz
We live close by. | close | klˈOs
It came to a close. | close | klˈOz
Don't get too close. | close | klˈOs
A tear ran down her cheek. | tear | tˈɪɹ
Don't tear the paper. | tear | tˈɛɹ
There is a tear in my shirt. | tear | tˈɛɹ
She burst into tears. | tears | tˈɪɹz
He tears up every letter. | tears | tˈɛɹz
They used tear gas. | tear | tˈɪɹ
Tear it up! | tear | tˈɛɹ
I was bored to tears. | tears | tˈɪɹz
He took a bow. | bow | bˈW
She tied a bow in her hair. | bow | bˈO
You must bow to the queen. | bow | bˈW
The bow and arrow broke. | bow | bˈO
The bow of the ship hit a rock. | bow | bˈW
I used to smoke. | used | jˈust
He used the key. | used | jˈuzd
I'm used to it by now. | used | jˈust
A knife is used to cut bread. | used | jˈuzd
I bought a used car. | used | jˈuzd
You'll get used to the noise. | used | jˈust
A dove sat on the roof. | dove | dˈʌv
She dove into the pool. | dove | dˈOv
She is a college graduate. | graduate | ɡɹˈæʤəwət
When do you graduate? | graduate | ɡɹˈæʤʊˌAt
She has a dogged spirit. | dogged | dˈɔɡɪd
So, what did you read on the plane? | read | ɹˈid
I read somewhere that cats dream. | read | ɹˈɛd
Have you ever read anything by her? | read | ɹˈɛd
That book should be read twice. | read | ɹˈɛd
When I was ten I read everything in the library. | read | ɹˈɛd
You can't read my mind. | read | ɹˈid
Grandma read the letter out loud and cried. | read | ɹˈɛd
I could never read his handwriting. | read | ɹˈid
Nobody read the terms. | read | ɹˈɛd
We have all read your essay. | read | ɹˈɛd
She hasn't read it. | read | ɹˈɛd
If you read it carefully, it makes sense. | read | ɹˈid
The kids read quietly while I cooked. | read | ɹˈɛd
Why don't you read it yourself? | read | ɹˈid
It was the best book I had read in years. | read | ɹˈɛd
Do they still live with their mum? | live | lˈɪv
I can't live like this. | live | lˈɪv
Live music every Friday. | live | lˈIv
We interrupt this program with a live report. | live | lˈIv
People who live in glass houses shouldn't throw stones. | live | lˈɪv
We'll see it live at the stadium. | live | lˈIv
As long as we live, we learn. | live | lˈɪv
Is the stream live yet? | live | lˈIv
It's where the wolves live. | live | lˈɪv
Her sister still lives abroad. | lives | lˈɪvz
Doctors saved their lives. | lives | lˈIvz
Nobody lives there anymore. | lives | lˈɪvz
In our daily lives we forget. | lives | lˈIvz
He lives for football. | lives | lˈɪvz
The wind knocked over our bins. | wind | wˈɪnd
They always wind me up. | wind | wˈInd
We should wind down for the night. | wind | wˈInd
Can you hear the wind outside? | wind | wˈɪnd
It's close to midnight. | close | klˈOs
Did you close the window? | close | klˈOz
Can we close the deal today? | close | klˈOz
My sister and I were never close. | close | klˈOs
You came pretty close. | close | klˈOs
Just close it. | close | klˈOz
Keep your friends close. | close | klˈOs
At the close of the day we rested. | close | klˈOz
We had a close call. | close | klˈOs
Oh no, I tear up at weddings. | tear | tˈɛɹ
Be careful or you'll tear your jeans. | tear | tˈɛɹ
Tears were rolling down his face. | tears | tˈɪɹz
It's just wear and tear. | tear | tˈɛɹ
He wiped away a tear. | tear | tˈɪɹ
Actors bow at the end. | bow | bˈW
The present came with a big red bow. | bow | bˈO
She had to bow out of the race. | bow | bˈW
People used to write letters. | used | jˈust
Didn't you used to work here? | used | jˈust
Who used all the milk? | used | jˈuzd
It's used to make cheese. | used | jˈuzd
She's not used to being alone. | used | jˈust
He dove straight in. | dove | dˈOv
I'll graduate next summer. | graduate | ɡɹˈæʤʊˌAt
He went to graduate school. | graduate | ɡɹˈæʤəwət
Hang on, did you just read my diary? | read | ɹˈid
My grandmother read tea leaves for a living. | read | ɹˈɛd
I can read you like a book. | read | ɹˈid
It says here, and I read it twice, that we're late. | read | ɹˈɛd
He was well read. | read | ɹˈɛd
You'd read it too if you were bored. | read | ɹˈid
Let me read it back to you. | read | ɹˈid
How far away do you live? | live | lˈɪv
I'd rather watch the game live. | live | lˈIv
She wants to live forever. | live | lˈɪv
You guys live so far out. | live | lˈɪv
Are they live or recorded? | live | lˈIv
The old man lives by himself. | lives | lˈɪvz
We risked our lives for this. | lives | lˈIvz
It lives under the stairs. | lives | lˈɪvz
Does the wind always howl like this? | wind | wˈɪnd
You'll wind up broke. | wind | wˈInd
They close on Sundays. | close | klˈOz
I was this close to quitting. | close | klˈOs
Let's close the window before it rains. | close | klˈOz
He's my closest friend, we're really close. | close | klˈOs
Someone should close that gate. | close | klˈOz
Careful, you'll tear it. | tear | tˈɛɹ
Not a single tear. | tear | tˈɪɹ
I almost cried tears of joy. | tears | tˈɪɹz
The dancer made a deep bow. | bow | bˈW
He shot it with a bow. | bow | bˈO
It took months for the wound to heal. | wound | wˈund
She wound the scarf around her neck. | wound | wˈWnd
I never used to like olives. | used | jˈust
These are used to treat pain. | used | jˈuzd
I've got used to it. | used | jˈust
They dove under the table. | dove | dˈOv
Nobody's perfect. | perfect | pˈɜɹfəkt
She'll graduate with honours. | graduate | ɡɹˈæʤʊˌAt
"""


@pytest.mark.parametrize(("sentence", "word", "phones"), table(SENTENCES))
def test_neighbours_tell_which_reading_is_meant(sentence: str, word: str, phones: str) -> None:
    assert said(sentence, word) == phones
    assert said(sentence.lower(), word) == phones
