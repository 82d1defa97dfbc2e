"""Secrets that tell what they are by themselves: the beginnings and lengths that their providers publish.

One line a form: its kind, and an RE2 pattern whose first group, where it has one, is the secret. Lengths are
lower bounds, because providers lengthen their tokens and an end that is left over is a leak.
"""

import re
from typing import Final

from netra_analysis.redact.rule import Rule, rule

_UUID: Final = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
# A token with a short or a common beginning must not be the end of a longer word.
_FORMS: Final = r"""
private_key           (?i:-----BEGIN[ A-Z]{0,30}PRIVATE KEY(?: BLOCK)?-----)(?:[A-Za-z0-9+/=\s\\:,"'-]|\.)*?(?i:-----END[ A-Z]{0,30}PRIVATE KEY(?: BLOCK)?-----)
private_key           (?i:-----BEGIN[ A-Z]{0,30}PRIVATE KEY(?: BLOCK)?-----)(?:[\s\\rn"',+]{0,6}[A-Za-z0-9+/=]{8,})+
private_key           AGE-SECRET-KEY-1[0-9A-Za-z]{38,}
jwt                   eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){0,3}
jwt                   ZXlK[A-Za-z0-9+/_-]{40,}={0,2}
google_api_key        AIza[0-9A-Za-z_-]{30,}
google_oauth          ya29\.[0-9A-Za-z._-]{20,}
google_oauth          \b1//0[0-9A-Za-z_-]{20,}
google_oauth_secret   GOCSPX-[0-9A-Za-z_-]{20,}
google_key            \bAAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{80,}
google_key            \bGOOG1[0-9A-Z]{20,}
aws_key               \b(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|A3T[A-Z0-9])[A-Z0-9]{16}\b
aws_key               \bABSK[A-Za-z0-9+/]{60,}={0,2}
aws_key               \b(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9+/_-]{40,}={0,2}
aws_key               \bamzn\.mws\.UUID
aws_key               \bbedrock-api-key-[A-Za-z0-9+/=]{20,}
azure_key             \b[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,}
azure_key             \b[A-Za-z0-9+/_-]{38,}(?:AZDO|\+ACR|AzFu|AzSe|ACDb|ACDs|ADOs|AIoT|\+ASt|AACOG|AAAY)[A-Za-z0-9+/_-]{0,8}={0,2}
azure_key             (?i:AccountKey|SharedAccessKey|SharedAccessSignature)=([A-Za-z0-9+/%._&-]{20,}={0,2})
openai_key            \bsk-[A-Za-z0-9_-]{20,}
openai_key            \bsess-[A-Za-z0-9]{40,}
github_token          gh[pousr]_[A-Za-z0-9]{30,}
github_token          github_pat_[A-Za-z0-9_]{30,}
gitlab_token          gl(?:pat|ptt|dt|ft|rt|rtr|soat|imt|agent|oas|ffct|cbt|wt)-[0-9A-Za-z_-]{20,}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7})?
gitlab_token          \bGR1348941[0-9A-Za-z_-]{20,}
slack_token           \bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}
slack_token           \bxapp-[0-9]-[A-Za-z0-9-]{10,}
webhook               (?i:hooks\.slack\.com/(?:services|workflows|triggers)/)([A-Za-z0-9+/_-]{20,})
webhook               (?i:discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/)([0-9]{5,}/[A-Za-z0-9_-]{20,})
webhook               (?i:webhook\.office\.com/webhookb2/)([0-9A-Za-z@/_-]{30,})
webhook               (?i:hooks\.zapier\.com/hooks/catch/)([0-9A-Za-z/]{6,})
stripe_key            [rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,}
stripe_key            \bwhsec_[A-Za-z0-9+/=]{20,}
service_token         \bp8e-[A-Za-z0-9]{32,}
service_token         \bpat[A-Za-z0-9]{14}\.[0-9a-f]{60,}
service_token         \bLTAI[A-Za-z0-9]{16,}
service_token         \bAKCp[A-Za-z0-9]{50,}
service_token         \bcmVmd[A-Za-z0-9]{50,}
service_token         \b[0-2]/[0-9]{16}(?:/[0-9]{16})?:[0-9a-f]{32}
service_token         \bAT(?:ATT|CTT|BB|STT)[A-Za-z0-9_-]{20,}(?:=[A-F0-9]{8})?
service_token         \b(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.(?:acc_|acc-)[A-Za-z0-9-]{8,32}\.[A-Za-z0-9+/_=-]{24,}
service_token         \bx(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{14,}
service_token         \bbk(?:ua|aj|ct|pt|rt)?_[0-9a-f]{40}
service_token         \bCCI(?:PAT|PRJ)_[A-Za-z0-9]{20,}_[0-9a-f]{40}
service_token         \b4b1d[A-Za-z0-9]{38}\b
service_token         CLOJARS_[A-Za-z0-9]{50,}
service_token         \bv1\.0-[0-9a-f]{24}-[0-9a-f]{100,}
service_token         \bCFPAT-[A-Za-z0-9_-]{40,}
service_token         \bcio[A-Za-z0-9]{32}\b
service_token         \bdapi[0-9a-f]{32}(?:-[0-9]{1,2})?
service_token         \bddp_[A-Za-z0-9]{36}
service_token         \bdo[por]_v1_[0-9a-f]{60,}
service_token         \b[MNO][A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}
service_token         \bdckr_[a-z]{2,4}_[A-Za-z0-9_-]{20,}
service_token         \bdp\.(?:pt|st|ct|sa|scim|audit|said)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,}
service_token         \bsl\.[A-Za-z0-9_=-]{100,}
service_token         duffel_(?:test|live)_[A-Za-z0-9_=-]{40,}
service_token         \bdt0[a-z][0-9]{2}\.[A-Z0-9]{8,24}\.[A-Z0-9]{60,}
service_token         \bEZ[AT]K[A-Za-z0-9]{50,}
service_token         \bessu_[A-Za-z0-9+/=_-]{40,}
service_token         \bEAA[A-Z][A-Za-z0-9_-]{56,}
service_token         \b[0-9]{15,17}(?:\||%7[cC])[0-9A-Za-z_-]{27,40}
service_token         \bfig[dor][a-z]?_[A-Za-z0-9_-]{40,}
service_token         FLW(?:PUB|SEC)K(?:_TEST)?-[0-9A-Fa-f]{12,}(?:-X)?
service_token         \bfo1_[A-Za-z0-9_-]{40,}
service_token         \bfm[12][ar]?_[A-Za-z0-9+/]{90,}={0,3}
service_token         \bfio-u-[A-Za-z0-9_=-]{60,}
service_token         \b[sp]k_[A-Za-z0-9_!#$%^*.~&-]{29,}
service_token         \bgl(?:c_[A-Za-z0-9+/]{32,}={0,3}|sa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8})
service_token         \beyJrIjoi[A-Za-z0-9+/]{40,}={0,3}
service_token         \bgsk_[A-Za-z0-9]{40,}
service_token         \b(?:pat|sat)\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}
service_token         \bHRKU-[A-Za-z0-9_-]{40,}
service_token         \bpat-(?:na|eu|ap)[0-9]-UUID
service_token         \b(?:hf_|api_org_)[A-Za-z0-9]{30,}
service_token         \bico-[A-Za-z0-9]{32}
service_token         \b[us]-s4t2(?:ud|af)-[0-9a-f]{64}
service_token         \blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}
service_token         \b(?:sdk|mob|api|rel)-UUID
service_token         \blin_(?:api|oauth)_[A-Za-z0-9]{40,}
service_token         \b(?:live|test)_(?:pub_)?[0-9a-f]{31,35}\b
service_token         \b(?:pub)?key-[0-9a-f]{32}\b
service_token         \b[pst]k\.[A-Za-z0-9]{20,}\.[A-Za-z0-9_-]{20,}
service_token         \b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b
service_token         \bS[UAONC][A-Z2-7]{56}\b
service_token         \bnf[pcob]_[A-Za-z0-9]{36,}
service_token         \bNR(?:AK|II|JS|RA|AA|IQ|SP)-[A-Za-z0-9_-]{18,}
service_token         \b[0-9a-f]{36}(?:FFFF)?NRAL\b
service_token         \b(?:ak|cr|ngrok)_[0-9][A-Za-z0-9]{26}|\bak_[A-Za-z0-9]{27}\b
service_token         \bntn_[0-9]{11}[A-Za-z0-9]{35}
service_token         \bsecret_[A-Za-z0-9]{40,}
service_token         \bnpm_[A-Za-z0-9]{36}
service_token         \boy2[a-z0-9]{43}\b
service_token         \bnvapi-[A-Za-z0-9_-]{40,}
service_token         \bAPI-[A-Z0-9]{25,28}\b
service_token         \bops_eyJ[A-Za-z0-9+/_-]{100,}={0,3}
service_token         \bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}
service_token         sha256~[A-Za-z0-9_-]{40,}
service_token         access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}
service_token         \bpplx-[A-Za-z0-9]{40,}
service_token         \bpcsk_[A-Za-z0-9]{4,7}_[A-Za-z0-9]{40,}
service_token         \b(?:access|public|processor|link)-(?:sandbox|development|production)-UUID
service_token         pscale_(?:tkn|pw|oauth|app_secret)_[A-Za-z0-9_.=-]{32,}
service_token         \bph[xcsa]_[A-Za-z0-9_]{40,}
service_token         \bPMAK-[0-9a-fA-F]{24}-[0-9a-fA-F]{34}
service_token         \bpn[ub]_[A-Za-z0-9]{36}
service_token         \bpul-[0-9a-f]{40}
service_token         \bpypi-Ag[A-Za-z0-9_-]{50,}
service_token         \brdme_[a-z0-9]{60,}
service_token         \br8_[A-Za-z0-9]{37}
service_token         \bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}
service_token         rubygems_[0-9a-f]{48}
service_token         \b00D[A-Za-z0-9]{12,15}![A-Za-z0-9_.]{80,}
service_token         \btk-us-[A-Za-z0-9_-]{40,}
service_token         \bsgp_(?:[A-Za-z0-9]{64}|(?:local|[A-Fa-f0-9]{16})_[A-Fa-f0-9]{40}|[A-Fa-f0-9]{40})
service_token         \bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,}
service_token         \bsntryu_[0-9a-f]{64}
service_token         \bsntrys_[A-Za-z0-9+/]{40,}={0,2}_[A-Za-z0-9+/]{40,}={0,2}
service_token         \bsm_(?:aat|pat|sat)_[A-Za-z0-9]{16}
service_token         shippo_(?:live|test)_[A-Fa-f0-9]{40}
service_token         \bshp(?:at|ca|pa|ss|tka)_[A-Za-z0-9]{32}
service_token         \bsq[upa]_[A-Za-z0-9]{40}
service_token         \bsq0[a-z]{3}-[A-Za-z0-9_-]{22,}
service_token         \bsbp_[0-9a-f]{40}
service_token         \bsb_(?:secret|publishable)_[A-Za-z0-9_-]{20,}
service_token         \btskey-[a-z]+-[A-Za-z0-9]{10,}-[A-Za-z0-9]{20,}
service_token         \b[0-9]{5,16}:A[A-Za-z0-9_-]{34}
service_token         \b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}
service_token         \b(?:SK|AC)[0-9a-fA-F]{32}\b
service_token         \btfp_[A-Za-z0-9_.=-]{50,}
service_token         \bhv[sbr]\.[A-Za-z0-9_-]{24,}
service_token         \bs\.[A-Za-z0-9]{24}\b
service_token         vercel_blob_rw_[A-Za-z0-9]{10,}_[A-Za-z0-9]{20,}
service_token         \bxai-[A-Za-z0-9]{60,}
service_token         \bt1\.[A-Z0-9a-z_-]{20,}={0,2}\.[A-Z0-9a-z_-]{80,}={0,2}
service_token         \bAQVN[A-Za-z0-9_-]{30,}
service_token         \bYC[A-Za-z0-9_-]{38}\b
service_token         \b1000\.[0-9a-f]{32}\.[0-9a-f]{32}
service_token         BUNDLE_[A-Z_]+__COM['"]?\s*[:=]\s*['"]?([0-9a-f]{8}:[0-9a-f]{8})
password_hash         \$2[abxy]\$[0-9]{2}\$[A-Za-z0-9./]{53}
password_hash         \$argon2(?:id|i|d)\$v=[0-9]+\$[mtp0-9=,]+\$[A-Za-z0-9+/]{8,}\$[A-Za-z0-9+/]{16,}
password_hash         \$(?:[156]|apr1|y)\$(?:rounds=[0-9]+\$)?[A-Za-z0-9./]{2,}\$[A-Za-z0-9./]{20,}
password_hash         \b(?:pbkdf2|scrypt|bcrypt|argon2)[a-z0-9_]*\$[A-Za-z0-9.,:=]+\$[A-Za-z0-9+/=.]{8,}\$[A-Za-z0-9+/=.]{20,}
"""


_LEADING: Final = re.compile(r"(?:\\b)?\[[^\]]*\]\{[0-9,]+\}(?=[^{])")
_COUNT: Final = re.compile(r"\{([0-9]+)(?:,[0-9]*)?\}")
_ENOUGH: Final = 8  # characters of a token behind its beginning; fewer make the hint fire on words


def hint(form: str) -> str:
    """Something shorter that every match of `form` holds: its beginning up to the first long run of characters."""
    form = _LEADING.sub("", form, count=1) if _LEADING.match(form) and "|" not in form else form
    long = next((count for count in _COUNT.finditer(form) if int(count[1]) > 4), None)
    if long is None or "|" in form[long.end() :]:
        return form.replace("\\b", "")
    head = f"{form[: long.start()]}{{{min(_ENOUGH, int(long[1]))}}}".replace("\\b", "")
    return head + ")" * (head.count("(") - head.count(")"))


def _rules() -> tuple[Rule, ...]:
    lines = (line.split(None, 1) for line in _FORMS.strip().splitlines())
    forms = ((kind, form.strip().replace("UUID", _UUID)) for kind, form in lines)
    return tuple(rule(kind, form, hint(form)) for kind, form in forms)


TOKENS: Final = _rules()
