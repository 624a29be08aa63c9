"""What the benchmarks speak: sentences and dialogues made for this, in no training text.

Sentences and dialogues are of everyday words without digits, so that a recogniser's count of errors
measures speech, not spelling. Numbers are written as a script would have them and counted as said.
"""

SENTENCES = (
    "The ferry leaves the harbour a little after seven every morning.",
    "My brother painted the garden fence a rather loud shade of green.",
    "Please put the heavy boxes on the lower shelf.",
    "She found an old map of the valley inside the piano.",
    "We waited for the rain to stop before we crossed the bridge.",
    "There is a bakery on the corner that never seems to close.",
    "Nobody could remember who had ordered the extra chairs.",
    "The teacher asked them to write a letter to a friend.",
    "He keeps his best tools in a drawer beside the window.",
    "A cold wind blew across the empty market square.",
    "Could you tell me how long the journey to the coast will take?",
    "The children built a tall tower out of wooden blocks.",
    "I would like a table near the fire, if that is possible.",
    "They planted apple trees along the northern wall.",
    "The doctor said that a short walk each day would help.",
    "Our neighbours have a dog that barks at every passing train.",
    "It took the engineers a month to repair the old clock.",
    "What did you think of the music at the end of the film?",
    "The river was so low that we could see the stones below.",
    "She wore a yellow scarf and carried a small brown bag.",
    "Most of the letters had been lost in the storm.",
    "The kitchen smelled of coffee and fresh orange peel.",
    "He told us a long story about a ship and a lighthouse.",
    "Turn left at the church and follow the road up the hill.",
    "Every evening the old man fed the birds from his balcony.",
    "The company hopes to finish the work before winter.",
    "I have never seen so many stars in a single night.",
    "Why did the shop close so early on a Friday afternoon?",
    "A narrow path leads through the forest to the lake.",
    "They sold the farm and moved to a house in the city.",
    "The soup needs a little more salt and some black pepper.",
    "Her answer was short, but it made everyone laugh.",
    "The museum keeps its oldest paintings in a dark room.",
    "We should leave now or we will miss the last bus.",
    "The young singer thanked the crowd and left the stage.",
    "Fresh snow covered the roofs and the quiet streets.",
    "The captain ordered his men to lower the sails.",
    "Is there any bread left, or should I buy some more?",
    "The report was careful to name both sides of the question.",
    "A good friend will tell you when you are wrong.",
)

QUESTIONS = (
    "Did you lock the front door?",
    "Are the children asleep already?",
    "Would you like another cup of tea?",
    "Is this seat taken?",
    "Have they found the missing key?",
    "Can we walk to the station from here?",
    "Do you remember the name of the hotel?",
    "Was the water warm enough to swim?",
    "Should I wake him before breakfast?",
    "Will the shop still be open?",
    "Has anyone seen my green umbrella?",
    "Does this road lead to the harbour?",
)
"""Answered by yes or no: those that rise at the end."""

STATEMENTS = (
    "They locked the front door.",
    "The children are asleep already.",
    "She would like another cup of tea.",
    "This seat is taken.",
    "They have found the missing key.",
    "We can walk to the station from here.",
    "I remember the name of the hotel.",
    "The water was warm enough to swim.",
    "You should wake him before breakfast.",
    "The shop will still be open.",
    "He bought apples, bread, cheese, and a green umbrella.",
    "This road leads past the church, the school, and the harbour.",
)
"""The questions' words as statements: those that fall at the end."""

NUMBERS_AND_NAMES = (
    "The meeting begins at 9:30 in room 14.",
    "Margaret paid $25 for both tickets.",
    "Doctor Henry Walker moved to Boston in 1998.",
    "Flight 216 leaves on the 3rd of May.",
    "Thomas and Elizabeth have 12 cousins in Ireland.",
    "The bridge is 450 feet long.",
    "Mr. Robinson lives at 77 Park Street.",
    "About 60% of the students come from London.",
    "Julia ran 5 miles in 42 minutes.",
    "Call Peter at 555 0134 after lunch.",
    "The library was built in 1871 by George Miller.",
    "It was 8 degrees in Chicago on Monday.",
)

SHORT_TURNS = (
    "Yes.",
    "Of course.",
    "No, thank you.",
    "Why not?",
    "Good morning.",
    "Really?",
    "I think so.",
    "Not today.",
    "Exactly.",
    "Come in.",
    "Never mind.",
    "Well, maybe.",
    "Thank you.",
    "How much?",
    "Let us go.",
    "Wait a minute.",
)

DIALOGUES = (
    (
        ("S1", "Did you remember to water the plants this morning?"),
        ("S2", "I did, but the fern by the door still looks unhappy."),
        ("S1", "Perhaps it gets too much sun in that corner."),
        ("S2", "Then let us move it next to the bookshelf."),
    ),
    (
        ("S1", "Good evening. Do you have a room for two nights?"),
        ("S2", "We have one with a view of the mountains."),
        ("S1", "That sounds perfect. Is breakfast part of the price?"),
        ("S2", "Yes, it is served from seven until ten."),
        ("S1", "Wonderful. We will take it."),
    ),
    (
        ("S1", "I finally finished the book you gave me."),
        ("S2", "And did you guess who had taken the letters?"),
        ("S1", "Not at all. I was sure it was the gardener."),
        ("S2", "Everybody thinks so until the very last page."),
    ),
    (
        ("S1", "The train is late again."),
        ("S2", "How long do we have to wait?"),
        ("S1", "The sign says twenty minutes, but I do not believe it."),
        ("S2", "Then there is time for a cup of tea."),
        ("S1", "Only if you are paying."),
        ("S2", "I paid the last time, remember?"),
    ),
    (
        ("S1", "Listen, can you hear that noise under the floor?"),
        ("S2", "It sounds like water running through a pipe."),
        ("S1", "There are no pipes under this part of the house."),
        ("S2", "Now you are trying to frighten me."),
    ),
    (
        ("S1", "What shall we cook for your sister on Sunday?"),
        ("S2", "She loves fish, but she cannot eat anything with milk."),
        ("S1", "Then we could bake it with lemon and potatoes."),
        ("S2", "That is simple, and it always works."),
        ("S1", "I will go to the market early and see what they have."),
    ),
)
"""Turns of (speaker, text)."""

GROUP_TALKS = (
    (
        ("S1", "The bus leaves in an hour, so we have time to walk around."),
        ("S1", "I would like to see the old town and the market."),
        ("S1", "After that we can have lunch beside the river."),
    ),
    (
        ("S1", "Who wants to drive the first part of the way?"),
        ("S2", "I can drive until we reach the mountains."),
        ("S3", "Then I will take over, because I know that road."),
        ("S1", "Good. I am going to sleep in the back."),
        ("S2", "You always sleep in the back."),
        ("S3", "At least he does not sing."),
    ),
    (
        ("S1", "Welcome, everybody. Is the whole team here?"),
        ("S2", "Almost. We are still waiting for the builder."),
        ("S3", "He called to say that he is stuck in traffic."),
        ("S4", "Let us begin without him and write down the plan."),
        ("S1", "The first question is how much wood we need."),
        ("S2", "Enough for two walls and a small roof."),
        ("S3", "And the paint is already in the garage."),
        ("S4", "Then the only thing we lack is good weather."),
    ),
)
"""Talks of one, three and four people."""
