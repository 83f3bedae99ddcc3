"""Words the language model knows beside the commands, so that speech which is no command is heard as something else.

The commonest words of English talk, and words that sound like a command's: without them, whatever is said is forced into a
command ("kelp" into "help").
"""

from __future__ import annotations

from typing import Final

SOUND_ALIKE: Final[dict[str, str]] = {
    "en": (
        "kelp yelp health healthy held hell hello whelp helped helper helps elf self shelf shelves wealth felt belt melt"
        " fell tell sell yell well heap hip hope heat chess vest best nest guest just jest test text next chase cheese"
        " choose treasure pleasure pressure rain pane plane pen pan paint brain train drain believe leave breeze bread"
        " breath bring brief beneath bees look book cook took shook stuck truck talk tuck took tooth tool top tap shop"
        " shot spot stopped stops step stuff staff ship skin skit kip sleep slip keep skips skipped yet yesterday yard"
        " guess gas yeah less mess dress nose know snow knows note noted nod nut knot now new snooze news nice mice"
        " medical medal metal message massage picture pitch bill bills pill-box hills fills spill spills spell pile"
        " table tables cable tabloid mind behind remember reminder letter later ladder latter repeat heat complete delete"
        " witch switch rich which fine find vine wine sign feel field fill full fall fault wall wrong strong wick week"
        " nurse north purse first thirst hurt heart hard part worst verse doctor daughter water quite quiet riot squeak"
        " record order accord recall call cold called ball tall cal coal"
    ),
}

COMMON: Final[dict[str, str]] = {
    "en": (
        "the a an and or but if so as at by for from in into of off on out over to up with without about after before"
        " again all always and another any are around ask away back bad be because been big bit black blue box boy bus"
        " came can car cat chair child children city clock close closed cold come could cup day days did different dinner"
        " dog door down each eat else ever every eye far father few film fish five food foot four friend garden gave get"
        " girl give glasses go goes going gone good got great green had half hand happy has hat have he head hear her here"
        " hers him his home hot hour house how i i'm idea is it its job key keys kind kitchen last late left let life"
        " light like line little live lives long lot loud love made make man many market may me men milk money more"
        " morning most mother much music my name near need never night nine nobody none nothing off often old on one only"
        " open other our outside own park people phone place play playing please post put radio rain raining read ready"
        " red ride right ringing river road room round run said same sat saw say school sea see seven she should side"
        " sister six sleeping small some somebody son song soon soup south spring station still street summer sun sunday"
        " table tea television ten than that their them then there these they thing things think this those thought three"
        " tickets time today tomorrow too town turn two under until us use very wait walk want wants war warm was watch"
        " we weather were west what when where while white who why wife will window winter wish woman words work works"
        " world would year years you young your"
    ),
}

SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "(i|we|he|she|they) took (my|the|a|his|her) (time|umbrella|bag|coat|car|keys|dog|bus|train|son|daughter|brother|sister"
        "|hat|phone|shoes|glasses|picture|walk|wrong|children|letter|money|photo|shower|friend)",
        "(call|get) (my|the|a) (bus|train|car|book|dog|newspaper|mail|bread|milk)",
        "my (chest|heart) (of|is) (drawers|full|warm)",
        "i (feel|fell|felt) (like|asleep|about|the) (it|wind|sun)",
        "i (can't|cannot) (hear|believe|find|remember|understand) (it|you|that|the)",
    ),
}
"""Talk that begins as a command does, and goes on otherwise."""
