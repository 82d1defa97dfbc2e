"""Kinds of secrets and personal data as templates, written from what providers publish about their formats.

One line a kind: its name, a tab or spaces, and a template in which `<class:length>` or `<class:from-to>` stands
for random characters. No line holds a secret. `PREFIXED` kinds tell what they are by themselves, `NAMED` ones
only by the name beside them, `PERSONAL` ones belong to people.
"""

import random
import re
import string
from collections.abc import Callable
from typing import Final

_LOWER, _UPPER, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_ALNUM: Final = _LOWER + _UPPER + _DIGITS
CLASSES: Final = {
    "d": _DIGITS,
    "h": _DIGITS + "abcdef",
    "H": _DIGITS + "ABCDEF",
    "l": _LOWER + _DIGITS,
    "L": _LOWER,
    "u": _UPPER + _DIGITS,
    "U": _UPPER,
    "a": _ALNUM,
    "A": _LOWER + _UPPER,
    "w": _ALNUM + "_-",
    "b": _ALNUM + "+/",
    "t": _UPPER + "234567",
    "p": _ALNUM + "!#$%^*._~-",
}
_HOLE: Final = re.compile(r"<(\w):(\d+)(?:-(\d+))?>")


def sample(template: str, rng: random.Random) -> str:
    """The template with its holes filled: where there is room, at least one digit, as in all but one in millions."""

    def filled(hole: re.Match[str]) -> str:
        letters, size = CLASSES[hole[1]], rng.randint(int(hole[2]), int(hole[3] or hole[2]))
        return "".join(rng.choices(letters, k=size))

    return _HOLE.sub(filled, template).replace("<uuid>", _uuid(rng))


def _uuid(rng: random.Random) -> str:
    digits = "".join(rng.choices(CLASSES["h"], k=32))
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _table(text: str) -> dict[str, str]:
    pairs = [line.split(None, 1) for line in text.strip().splitlines()]
    table = {name: template.strip() for name, template in pairs}
    assert len(table) == len(pairs), "a kind is listed twice"
    return table


PREFIXED: Final = _table("""
age                     AGE-SECRET-KEY-1<u:58>
adobe-client            p8e-<l:32>
airtable-pat            pat<a:14>.<h:64>
alibaba                 LTAI<a:20>
anthropic               sk-ant-api03-<w:93>AA
anthropic-admin         sk-ant-admin01-<w:93>AA
artifactory             AKCp<a:69>
artifactory-ref         cmVmd<a:59>
asana-pat               1/<d:16>:<h:32>
asana-pat-2             2/<d:16>/<d:16>:<h:32>
atlassian               ATATT3<w:180>
bitbucket-app           ATBB<a:32>
bitbucket-repo          ATCTT3<w:170>=<H:8>
authress                sc_<l:10>.<a:4>.acc_<l:10>.<b:30>
aws-access              AKIA<t:16>
aws-temporary           ASIA<t:16>
aws-bedrock             ABSK<b:120>
aws-session             IQoJb3JpZ2lu<b:200>
aws-mws                 amzn.mws.<uuid>
azure-ad                <a:3>8Q~<w:34>
azure-devops            <a:76>AZDO<a:4>
azure-storage           AccountKey=<b:86>==
azure-sas               https://s.blob.core.windows.net/c/b?sv=2022-11-02&sr=b&sig=<a:43>%3D
azure-registry          <a:42>+ACR<a:6>
azure-function          <w:44>AzFu<w:4>==
azure-cosmos            <a:76>ACDb<a:4>==
brevo                   xkeysib-<h:64>-<a:16>
brevo-smtp              xsmtpsib-<h:64>-<a:16>
buildkite               bkua_<h:40>
circleci                CCIPAT_<a:22>_<h:40>
clickhouse              4b1d<a:38>
clojars                 CLOJARS_<l:60>
cloudflare-ca           v1.0-<h:24>-<h:146>
contentful              CFPAT-<w:43>
crates                  cioA<a:31>
databricks              dapi<h:32>
databricks-2            dapi<h:32>-2
deno                    ddp_<a:36>
digitalocean            dop_v1_<h:64>
digitalocean-oauth      doo_v1_<h:64>
digitalocean-refresh    dor_v1_<h:64>
discord-bot             M<a:25>.<w:6>.<w:38>
discord-hook            https://discord.com/api/webhooks/<d:18>/<w:68>
dockerhub               dckr_pat_<w:27>
dockerhub-org           dckr_oat_<w:32>
doppler                 dp.pt.<a:43>
doppler-service         dp.st.dev.<a:43>
dropbox-short           sl.<w:135>
duffel                  duffel_test_<w:43>
duffel-live             duffel_live_<w:43>
dynatrace               dt0c01.<t:24>.<t:64>
easypost                EZAK<a:54>
easypost-test           EZTK<a:54>
elastic-cloud           essu_<b:60>
facebook-page           EAAM<a:120>
facebook-app            <d:15>|<w:27>
figma                   figd_<w:40>
flutterwave             FLWSECK_TEST-<h:32>-X
flutterwave-public      FLWPUBK_TEST-<h:32>-X
fly                     fo1_<w:43>
fly-macaroon            fm2_<b:120>
frameio                 fio-u-<w:64>
freemius                sk_<p:29>
google-api              AIza<w:35>
google-oauth            ya29.<w:60-140>
google-refresh          1//0<w:60>
google-client           GOCSPX-<w:28>
google-fcm              AAAA<w:7>:APA91b<w:134>
google-signed           https://storage.googleapis.com/b/o?X-Goog-Algorithm=GOOG4&X-Goog-Signature=<h:512>
google-service-account  {"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\n<b:64>\\n<b:64>\\n<b:40>==\\n-----END PRIVATE KEY-----\\n"}
aws-signed              https://b.s3.amazonaws.com/o?X-Amz-Credential=AKIA<t:16>%2Fx&X-Amz-Signature=<h:64>
gcp-hmac                GOOG1E<u:57>
github-classic          ghp_<a:36>
github-oauth            gho_<a:36>
github-user             ghu_<a:36>
github-server           ghs_<a:36>
github-refresh          ghr_<a:76>
github-fine             github_pat_<a:22>_<a:59>
gitlab-pat              glpat-<w:20>
gitlab-pat-routable     glpat-<w:27>.<l:2><l:7>
gitlab-trigger          glptt-<h:40>
gitlab-runner           GR1348941<w:20>
gitlab-runner-auth      glrt-<w:20>
gitlab-deploy           gldt-<w:20>
gitlab-feed             glft-<w:20>
gitlab-scim             glsoat-<w:20>
gitlab-ci               glcbt-<l:2>_<w:20>
gitlab-mail             glimt-<w:25>
gitlab-agent            glagent-<w:50>
gitlab-oauth            gloas-<h:64>
gitlab-flags            glffct-<w:20>
gitlab-session          _gitlab_session=<h:32>
grafana-key             eyJrIjoi<a:72>
grafana-cloud           glc_<b:60>
grafana-service         glsa_<a:32>_<h:8>
groq                    gsk_<a:52>
harness                 pat.<w:22>.<h:24>.<a:20>
harness-service         sat.<w:22>.<h:24>.<a:20>
heroku                  HRKU-AA<w:58>
hubspot                 pat-na1-<uuid>
huggingface             hf_<A:34>
huggingface-org         api_org_<A:34>
infracost               ico-<a:32>
intra42                 s-s4t2ud-<h:64>
jwt                     eyJ<a:33>.eyJ<a:60>.<w:43>
jwt-base64              ZXlK<a:120>
jwe                     eyJ<a:40>..<w:16>.<w:80>.<w:22>
kubernetes-bootstrap    token: <l:6>.<l:16>
langsmith               lsv2_pt_<h:32>_<h:10>
launchdarkly            sdk-<uuid>
linear                  lin_api_<a:40>
linear-oauth            lin_oauth_<h:64>
lob                     live_pub_<h:31>
mailgun                 key-<h:32>
mailgun-public          pubkey-<h:32>
mapbox                  pk.eyJ1<a:58>.<a:22>
mapbox-secret           sk.eyJ1<a:80>.<a:22>
maxmind                 <a:6>_<a:29>_mmk
nats-seed               SU<t:56>
netlify                 nfp_<a:40>
newrelic-user           NRAK-<u:27>
newrelic-insights       NRII-<w:32>
newrelic-browser        NRJS-<h:19>
newrelic-license        <h:36>FFFFNRAL
ngrok                   ak_<a:27>
notion                  ntn_<d:11><a:35>
notion-legacy           secret_<a:43>
npm                     npm_<a:36>
nuget                   oy2<l:43>
nvidia                  nvapi-<w:64>
octopus                 API-<u:26>
okta-header             Authorization: SSWS 00<w:40>
onepassword             ops_eyJ<a:260>
onepassword-secret      A3-<u:6>-<u:11>-<u:5>-<u:5>-<u:5>
openai                  sk-<a:20>T3BlbkFJ<a:20>
openai-project          sk-proj-<w:74>T3BlbkFJ<w:74>
openai-service          sk-svcacct-<w:74>T3BlbkFJ<w:74>
openrouter              sk-or-v1-<h:64>
deepseek                sk-<h:32>
openshift               sha256~<w:43>
paypal-braintree        access_token$production$<l:16>$<h:32>
perplexity              pplx-<a:48>
pinecone                pcsk_<a:5>_<a:63>
plaid                   access-sandbox-<uuid>
planetscale             pscale_tkn_<w:43>
planetscale-password    pscale_pw_<w:43>
planetscale-oauth       pscale_oauth_<w:43>
posthog                 phx_<a:43>
postman                 PMAK-<h:24>-<h:34>
prefect                 pnu_<a:36>
pulumi                  pul-<h:40>
pypi                    pypi-AgEIcHlwaS5vcmc<w:80-180>
readme                  rdme_<l:70>
replicate               r8_<a:37>
resend                  re_<a:8>_<a:24>
rubygems                rubygems_<h:48>
salesforce              00D<a:12>!<a:90>
scalingo                tk-us-<w:48>
segment                 sgp_<a:64>
sendgrid                SG.<w:22>.<w:43>
sentry-user             sntryu_<h:64>
sentry-org              sntrys_eyJpYXQiO<a:80>=_<a:43>
settlemint              sm_aat_<a:16>
settlemint-pat          sm_pat_<a:16>
shippo                  shippo_live_<h:40>
shippo-test             shippo_test_<h:40>
shopify                 shpat_<h:32>
shopify-custom          shpca_<h:32>
shopify-private         shppa_<h:32>
shopify-shared          shpss_<h:32>
slack-app               xapp-1-A<u:10>-<d:13>-<l:64>
slack-bot               xoxb-<d:12>-<d:13>-<a:24>
slack-user              xoxp-<d:12>-<d:12>-<d:12>-<h:32>
slack-workspace         xoxa-2-<d:12>-<d:12>-<a:32>
slack-config            xoxe.xoxp-1-<a:163>
slack-refresh           xoxe-1-<a:146>
slack-hook              https://hooks.slack.com/services/T<u:8>/B<u:8>/<a:24>
sonar                   squ_<h:40>
sonar-project           sqp_<h:40>
sourcegraph             sgp_<h:16>_<h:40>
square                  sq0atp-<w:22>
square-secret           sq0csp-<w:43>
square-production       EAAA<w:60>
stripe-live             sk_live_<a:24-99>
stripe-test             sk_test_<a:24-99>
stripe-restricted       rk_live_<a:24-99>
stripe-hook             whsec_<a:32>
supabase                sbp_<h:40>
supabase-secret         sb_secret_<w:22>_<w:8>
tailscale               tskey-auth-<a:12>CNTRL-<a:32>
teams-hook              https://x.webhook.office.com/webhookb2/<uuid>@<uuid>/IncomingWebhook/<h:32>/<uuid>
telegram                <d:9>:AA<w:33>
terraform               <a:14>.atlasv1.<w:67>
twilio                  SK<h:32>
typeform                tfp_<w:59>
vault                   hvs.<w:95>
vault-batch             hvb.<w:150>
vercel-blob             vercel_blob_rw_<a:16>_<a:30>
xai                     xai-<a:80>
yandex-iam              t1.9eu<w:60>.<w:86>
yandex-key              AQVN<w:36>
yandex-static           YCA<w:37>
zapier-hook             https://hooks.zapier.com/hooks/catch/<d:7>/<l:7>
zoho                    1000.<h:32>.<h:32>
pem-rsa                 -----BEGIN RSA PRIVATE KEY-----\\n<b:64>\\n<b:64>\\n<b:40>==\\n-----END RSA PRIVATE KEY-----
pem-pkcs8               -----BEGIN PRIVATE KEY-----\\n<b:64>\\n<b:64>\\n<b:40>==\\n-----END PRIVATE KEY-----
pem-openssh             -----BEGIN OPENSSH PRIVATE KEY-----\\n<b:70>\\n<b:70>\\n<b:30>\\n-----END OPENSSH PRIVATE KEY-----
pem-pgp                 -----BEGIN PGP PRIVATE KEY BLOCK-----\\n<b:64>\\n<b:64>\\n-----END PGP PRIVATE KEY BLOCK-----
bearer                  Authorization: Bearer <w:40>
basic                   Authorization: Basic <a:31>=
digest                  Authorization: Digest username="u", response="<h:32>"
bcrypt                  $2b$12$<a:53>
argon2                  $argon2id$v=19$m=65536,t=3,p=4$<a:22>$<a:43>
sha512crypt             $6$<a:16>$<a:86>
htpasswd                $apr1$<a:8>$<a:22>
django-hash             pbkdf2_sha256$600000$<a:22>$<a:43>=
""")

NAMED: Final = _table("""
adafruit-key            adafruit_api_key = "<w:32>"
adobe-id                adobe_client_id: "<h:32>"
airtable-key            airtable.api.key=<a:17>
algolia                 algolia_api_key => "<l:32>"
asana-secret            ASANA_CLIENT_SECRET=<l:32>
auth0                   AUTH0_CLIENT_SECRET='<w:64>'
aws-secret              aws_secret_access_key = <b:40>
azure-client            AZURE_CLIENT_SECRET=<a:34>
beamer                  beamer_token: b_<w:44>
bitbucket               bitbucket_client_secret=<w:64>
bittrex                 BITTREX_SECRET_KEY: '<l:32>'
bugsnag                 bugsnag_api_key=<h:32>
cisco-meraki            X-Cisco-Meraki-API-Key: <h:40>
cloudflare              CLOUDFLARE_API_KEY=<h:37>
cloudflare-token        cloudflare_api_token := "<w:40>"
codecov                 codecov_access_token="<l:32>"
cohere                  CO_API_KEY = "<a:40>"
coinbase                coinbase_secret_key="<w:64>"
confluent               CONFLUENT_SECRET_KEY=<l:64>
contentful-delivery     contentful_delivery_token: <w:43>
datadog                 DD_API_KEY=<l:32>
datadog-app             datadog_application_key="<l:40>"
discord-secret          discord_client_secret=<w:32>
droneci                 droneci_token=<l:32>
dropbox                 dropbox_api_secret: <l:15>
etsy                    etsy_api_key = '<l:24>'
facebook-secret         facebook_app_secret=<h:32>
fastly                  FASTLY_API_TOKEN=<w:32>
finicity                finicity_client_secret: "<a:20>"
finnhub                 finnhub-token=<l:20>
flickr                  flickr_access_token=<l:32>
freshbooks              freshbooks_token: <l:64>
gitter                  gitter_access_token="<w:40>"
gocardless              gocardless_token="live_<w:40>"
heroku-key              HEROKU_API_KEY=<uuid>
intercom                intercom_api_key="<w:60>"
jfrog                   jfrog_api_key=<l:73>
kraken                  kraken_access_token = "<b:86>=="
kucoin                  kucoin_secret_key=<uuid>
launchdarkly-token      launchdarkly_access_token=<w:40>
linear-secret           linear_client_secret=<h:32>
linkedin                linkedin_client_secret=<l:16>
looker                  looker_client_secret=<l:24>
mailchimp               MAILCHIMP_API_KEY=<h:32>-us20
mattermost              mattermost_token=<l:26>
messagebird             messagebird_api_token=<l:25>
mistral                 MISTRAL_API_KEY=<a:32>
newyorktimes            nytimes_access_token=<w:32>
okta                    okta_access_token = 00<w:40>
pagerduty               PAGERDUTY_TOKEN=<w:20>
plaid-secret            plaid_secret_key=<l:30>
privateai               privateai_token=<l:32>
rapidapi                rapidapi_access_key=<w:50>
sendbird                sendbird_access_token=<h:40>
sentry-token            SENTRY_AUTH_TOKEN=<h:64>
sidekiq                 BUNDLE_ENTERPRISE__CONTRIBSYS__COM=<h:8>:<h:8>
snyk                    SNYK_TOKEN=<uuid>
squarespace             squarespace_access_token=<uuid>
sumologic               SUMOLOGIC_ACCESSKEY=<a:64>
travis                  travis_access_token=<l:22>
trello                  trello_access_token=<a:32>
twitch                  twitch_client_secret=<l:30>
twitter-secret          twitter_api_secret=<l:50>
twitter-bearer          TWITTER_TOKEN=AAAAAAAAAAAAAAAAAAAAA<a:90>
twilio-auth             TWILIO_AUTH_TOKEN=<h:32>
wandb                   WANDB_API_KEY=<h:40>
webflow                 webflow_api_token: <h:64>
yandex-access           yandex_access_token=<a:60>
zendesk                 zendesk_secret_key=<l:40>
postgres-password       PGPASSWORD=<p:16>
mysql-password          MYSQL_ROOT_PASSWORD=<p:16>
db-dsn-words            host=/cloudsql/p:r:i user=app password=<a:16> dbname=netra
smtp-password           smtp_pass: <p:12>
redis-auth              redis_password="<p:20>"
django-secret           SECRET_KEY = 'django-insecure-<a:50>'
rails-master            RAILS_MASTER_KEY=<h:32>
jwt-secret              jwt_secret_key: <a:43>
encryption-key          ENCRYPTION_KEY=<b:43>=
wireguard               PrivateKey = <b:43>=
ethereum                private_key=0x<h:64>
session-id              session_token=<h:32>
csrf                    csrftoken=<a:64>
otp                     otp_secret=<t:32>
pin-code                passcode: <d:8>
signing-secret          slack_signing_secret = "<h:32>"
webhook-secret          webhook_secret=<a:32>
kube-data               client-key-data: <b:200>
docker-auth             "auth": "<a:60>="
refresh-token           "refresh_token": "<w:48>"
id-token                "idToken": "<w:60>"
x-api-key               X-Api-Key: <a:40>
x-auth-token            X-Auth-Token: <h:32>
proxy-auth              Proxy-Authorization: Basic <a:28>
private-token           PRIVATE-TOKEN: <w:20>
cookie                  Cookie: sid=<h:32>; theme=dark
set-cookie              Set-Cookie: session=<a:40>; Path=/; HttpOnly
netrc                   machine example.org login deploy password <a:20>
cli-password            mysqldump --password <a:16> --all
curl-user               curl -u admin:<a:16> https://example.org
generic-secret          app.secret=<a:32>
generic-token           accessToken: <a:40>
generic-key             encryption.key=<a:32>
generic-credential      db_credentials=<a:24>
generic-pass            user.passwd = <a:14>
""")


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits + "0")):
        twice = int(digit) * (2 if place % 2 else 1)
        total += twice - 9 if twice > 9 else twice
    return digits + str(-total % 10)


def _card(prefix: str, size: int) -> Callable[[random.Random], str]:
    return lambda rng: _luhn(prefix + "".join(rng.choices(_DIGITS, k=size - 1 - len(prefix))))


def _grouped(rng: random.Random) -> str:
    number = _card("4", 16)(rng)
    return " ".join(number[i : i + 4] for i in range(0, 16, 4))


def _iban(country: str, body: str) -> Callable[[random.Random], str]:
    def made(rng: random.Random) -> str:
        account = sample(body, rng)
        number = int("".join(str(int(c, 36)) for c in account + country + "00"))
        return f"{country}{98 - number % 97:02d}{account}"

    return made


def _iban_grouped(rng: random.Random) -> str:
    number = _iban("DE", "<d:18>")(rng)
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def _address(rng: random.Random) -> str:
    first = rng.choice((5, 23, 34, 52, 81, 93, 104, 142, 185, 198, 203, 212))
    return ".".join(map(str, (first, *(rng.randrange(1, 255) for _ in range(3)))))


def _six(rng: random.Random) -> str:
    return "2a02:" + ":".join(f"{rng.randrange(1, 65536):x}" for _ in range(7))


def _name(rng: random.Random) -> str:
    names = ("ada", "grace", "alan", "barbara", "edsger", "frances", "donald", "radia", "tim", "margaret")
    return rng.choice(names) + rng.choice(("", ".", "_")) + sample("<L:5>", rng)


def _ssn(rng: random.Random) -> str:
    return f"{rng.randrange(1, 650):03d}-{rng.randrange(1, 99):02d}-{rng.randrange(1, 9999):04d}"


def _local(rng: random.Random) -> str:
    return f"{rng.randrange(2, 10)}{rng.randrange(0, 9)}2-{rng.randrange(2, 10)}{rng.randrange(10, 99)}"


PERSONAL: Final[dict[str, Callable[[random.Random], str]]] = {
    "email": lambda rng: f"{_name(rng)}@{sample('<L:8>', rng)}.{rng.choice(('com', 'org', 'co.uk', 'io', 'museum'))}",
    "email-plus": lambda rng: f"{_name(rng)}+{sample('<l:4>', rng)}@mail.{sample('<L:8>', rng)}.de",
    "email-letters": lambda rng: f"{rng.choice(('jörg', 'maría', 'zoë'))}.{_name(rng)}ß@{sample('<L:8>', rng)}.org",
    "email-of-a-host-with-letters": lambda rng: f"{_name(rng)}@bücher-{sample('<L:8>', rng)}.de",
    "ip": _address,
    "ip6": _six,
    "iban-de": _iban("DE", "<d:18>"),
    "iban-gb": _iban("GB", "NWBK<d:14>"),
    "iban-fr": _iban("FR", "<d:10><a:11>".replace("<a:11>", "<u:11>") + "<d:2>"),
    "iban-grouped": _iban_grouped,
    "card-visa": _card("4", 16),
    "card-mastercard": _card("53", 16),
    "card-amex": _card("37", 15),
    "card-discover": _card("6011", 16),
    "card-grouped": _grouped,
    "ssn": _ssn,
    "phone-e164": lambda rng: f"+{rng.choice(('49', '44', '1', '33', '91'))}{rng.randrange(2 * 10**9, 10**10 - 1)}",
    "phone-us": lambda rng: f"({rng.randrange(2, 10)}{rng.randrange(10, 99)}) {_local(rng).split('-')[0]}-{rng.randrange(1000, 9999)}",
    "phone-spaced": lambda rng: f"+49 {rng.randrange(30, 999)} {rng.randrange(10**6, 10**7 - 1)}",
    "user-path-unix": lambda rng: f"/home/{_name(rng)}/src/app.py",
    "user-path-mac": lambda rng: f"/Users/{_name(rng)}/src/app.py",
    "user-path-windows": lambda rng: f"C:\\Users\\{_name(rng)}\\src\\app.py",
}  # fmt: skip
