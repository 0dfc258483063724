"""What stands around a strategy on a saved web page, in German and English."""

import re

_COMMENTS = [
    r"(noch )?(\d+|keine|no|ein|one) (kommentare?|comments?|beiträge|replies|antworten?)( yet)?\.?",
    r"(kommentare?|comments?|diskussion|discussion)( ?\(?\d+\)?)?",
]
_PATTERNS = [
    *_COMMENTS,
    # Skip links and navigation
    r"(skip|jump) (navigation|to ((the )?(main )?)?(content|navigation|search|footer))",
    r"((zum|direkt zum|springe zum) (haupt)?inhalt|zur (navigation|suche|fußzeile))( springen)?",
    r"navigation überspringen",
    r"(main |haupt)?(menu|menü|navigation)( öffnen| schließen)?",
    r"(toggle|open|close) (menu|navigation)",
    r"start|startseite|home( ?page)?|zurück( zur (übersicht|startseite).*)?|back( to (the )?\w+)?",
    r"weiter(lesen)?|mehr (erfahren|lesen|anzeigen)|(read|show|learn) more",
    r"nach oben|(back )?to top",
    r"suchen?|search|deutsch|english|sprache( wählen)?|language|leichte sprache|gebärdensprache",
    r"an-?melden|einloggen|abmelden|registrieren|log ?in|log ?out|sign (in|up|out)|register",
    r"(mein )?(konto|profil)|(my )?(account|profile)|projekte?|projects?|übersicht|overview",
    # Footers
    r"impressum|imprint|legal notice|datenschutz(erklärung| ?hinweise?)?|privacy( policy)?",
    r"nutzungs(bedingungen|regeln)|netiquette|terms( of use)?|barrierefreiheit|accessibility",
    r"kontakt(formular)?|contact( us)?|newsletter( abonnieren)?|hilfe|help|faq|sitemap|presse",
    r"(©|\(c\)|copyright).*|.*\b(alle rechte vorbehalten|all rights reserved).*",
    r"(zuletzt|letzte) (geändert|änderung|aktualisiert).*|last (changed|updated|modified).*",
    r"(seite )?(drucken|teilen|empfehlen)|share( this page)?|print|facebook|twitter|instagram",
    r"powered by .*|(folgen sie|follow) (uns|us)\b.*",
    r"folgen|nicht mehr folgen|follow(ing)?|unfollow",
    # Banners
    r".*\bcookies?\b.*|(alle )?akzeptieren|alle ablehnen|accept( all)?|reject( all)?",
    r"(please )?donate( now)?( to .{1,60})?|(jetzt )?spenden",
    r"jetzt (für|an) .{1,60} spenden|jetzt spenden (für|an) .{1,60}",
    r".{1,60} (is|are) (funded|financed|supported) by donations\.?",
    r".{1,60} (wird|ist) (durch|über|aus|von) spenden (finanziert|getragen|ermöglicht)\.?",
    # Participation
    r"participation is (not |no longer |currently not )?possible\b.*",
    r"(die )?(beteiligung|teilnahme|kommentierung) ist (derzeit|zurzeit|zur zeit|momentan|aktuell|"
    r"im moment|leider|nicht|noch|bis|ab|wieder|möglich)\b.*",
    r"(derzeit|zurzeit|zur zeit|momentan|aktuell) ist (keine|die) (beteiligung|teilnahme)\b.*",
    r"it (ended|ends|started|starts|continues|begins) on\b.*",
    r"sie (endete?|beginnt|begann|startete?|läuft) (am|bis|weiter)\b.*",
    r"(kommentar (schreiben|hinzufügen|verfassen)|(add|write|leave) (a )?comment)",
    r"(zum kommentieren|um zu kommentieren)\b.*|(jetzt )?kommentieren|comment( now)?",
    r"(please )?(log|sign) in to (comment|participate)\b.*|bitte melden sie sich an\b.*",
    r"(die )?(leit)?ziele|(our )?goals",
]
_SURROUNDING = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.I)
_BEGINS_COMMENTS = re.compile("|".join(f"(?:{pattern})" for pattern in _COMMENTS), re.I)

LONGEST = 200
"""Characters; what is longer is said by the town, not by its website."""


def is_surrounding(text: str) -> bool:
    """Whether the line belongs to the website and not to the strategy."""
    return len(text) <= LONGEST and bool(_SURROUNDING.fullmatch(text))


def begins_comments(heading: str) -> bool:
    """Whether what stands under this heading was written by citizens."""
    return bool(_BEGINS_COMMENTS.fullmatch(heading))
