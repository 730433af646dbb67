"""The forms of credentials by which their issuers let them be recognized."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass

_SCANNING = (
    "https://docs.github.com/en/code-security/reference/secret-security/"
    "supported-secret-scanning-patterns"
)
_GITLEAKS = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"
_PEM = "https://www.rfc-editor.org/rfc/rfc7468"
_URI = "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1"


@dataclass(frozen=True)
class CredentialFormat:
    """The form of a kind of credential."""

    name: str
    """The kind of credential."""
    shape: str
    """How to recognize it, for the documentation."""
    pattern: re.Pattern[str]
    source: str
    """Where the issuer, or a collection of such forms, describes it."""


def _format(name: str, shape: str, pattern: str, source: str) -> CredentialFormat:
    return CredentialFormat(name, shape, re.compile(pattern), source)


def _word(start: str) -> str:
    """Return a pattern for a text at the start of a word."""
    return rf"{start}(?<!\w{start})"


_KEY_TYPES = ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA ")
# A whole number of 3 bytes is encoded, because the next bytes change the last characters.
_ENCODED_KEYS = "|".join(
    b64encode(text[: len(text) // 3 * 3]).decode()
    for text in (f"-----BEGIN {kind}PRIVATE KEY".encode() for kind in _KEY_TYPES)
).replace("+", r"\+")

FORMATS: tuple[CredentialFormat, ...] = (
    _format("Private key", "`-----BEGIN … PRIVATE KEY`", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY",
            _PEM),
    _format("Private key in Base64", "`LS0tLS1CRUdJTi…`", _ENCODED_KEYS, _PEM),
    _format("PuTTY private key", "`PuTTY-User-Key-File-…`", r"PuTTY-User-Key-File-\d", _GITLEAKS),
    _format("age secret key", "`AGE-SECRET-KEY-1…`", r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
            "https://github.com/FiloSottile/age"),
    _format("JSON web token", "`eyJ….eyJ…`", _word("eyJ") + r"[\w-]{10,500}\.eyJ",
            "https://www.rfc-editor.org/rfc/rfc7519"),
    _format("URL with a password", "`scheme://user:password@host`",
            r"://(?<=[A-Za-z0-9+.-]{2}://)[^\s:/@]{0,100}:[^\s:/@$<{]{1,200}@", _URI),
    _format("HTTP Authorization header", "`Authorization: Bearer …`",
            r"(?i:authorization[\"']?[ \t]{0,9}[:=][ \t]{0,9}[\"']?"
            r"(?:bearer|basic|token)[ \t]{1,9})[\w.~+/=-]{8}",
            "https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2"),
    _format("Docker registry login", '`"auth": "…"`',
            r"\"auth\"[ \t]{0,9}:[ \t]{0,9}\"[A-Za-z0-9+/]{8,}={0,2}\"",
            "https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/"),
    _format("NATS seed", "`SU…`, `SA…` with 58 characters", _word("S") + r"[ACNOUX][A-Z2-7]{56}\b",
            "https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/"
            "nkey_auth"),
    _format("1Password", "`ops_eyJ…`", r"ops_eyJ[\w+/-]{100}", _GITLEAKS),
    _format("Alibaba Cloud", "`LTAI…`", r"LTAI[A-Za-z0-9]{12,20}\b", _GITLEAKS),
    _format("Anthropic", "`sk-ant-…`", r"sk-ant-[\w-]{20}", _SCANNING),
    _format("Artifactory", "`AKCp…`", r"AKCp[A-Za-z0-9]{69}", _GITLEAKS),
    _format("Atlassian", "`ATATT3…`, `ATCTT3…`, `ATBB…`",
            _word("AT") + r"(?:ATT3|CTT3|BB)[\w=-]{20}", _SCANNING),
    _format("AWS access key", "`AKIA…`, `ASIA…`", r"A(?:KIA|SIA)[A-Z0-9]{16}\b",
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"),
    _format("Azure client secret", "`…Q~…`", r"Q~(?<=\b[\w.~-]{3}\dQ~)[\w.~-]{31}", _SCANNING),
    _format("Azure connection string", "`AccountKey=…`, `SharedAccessKey=…`",
            r"(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40}",
            "https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string"),
    _format("Azure shared access signature", "`?sig=…`", r"[?&;]sig=[A-Za-z0-9%+/]{30}",
            "https://learn.microsoft.com/azure/storage/common/storage-sas-overview"),
    _format("Databricks", "`dapi…`", r"dapi[a-f0-9]{32}\b", _SCANNING),
    _format("DigitalOcean", "`dop_v1_…`, `doo_v1_…`", r"do[oprt]_v1_[a-f0-9]{64}",
            "https://docs.digitalocean.com/reference/api/create-personal-access-token/"),
    _format("Discord bot", "`M….….…`", _word("[MNO]") + r"[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}\b",
            _SCANNING),
    _format("Discord webhook", "`discord.com/api/webhooks/…`",
            r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60}", _GITLEAKS),
    _format("Docker", "`dckr_pat_…`, `dckr_oat_…`", r"dckr_(?:pat|oat)_[\w-]{20}", _SCANNING),
    _format("Doppler", "`dp.pt.…`, `dp.st.…`",
            _word(r"dp\.") + r"(?:audit|ct|pt|sa|scim|st)\.(?:[\w-]{1,60}\.)?[A-Za-z0-9]{40}",
            "https://docs.doppler.com/reference/auth-token-formats"),
    _format("Dynatrace", "`dt0c01.…`",
            _word("dt0") + r"[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}", _SCANNING),
    _format("Figma", "`figd_…`", r"figd_[\w-]{36}", _SCANNING),
    _format("GitHub", "`ghp_…`, `gho_…`, `ghs_…`", r"gh[oprsu]_[A-Za-z0-9]{36}",
            "https://github.blog/engineering/behind-githubs-new-authentication-token-formats/"),
    _format("GitHub, fine-grained", "`github_pat_…`", r"github_pat_\w{40}", _SCANNING),
    _format("GitLab", "`glpat-…`, `gldt-…`, `glrt-…`",
            _word("gl") + r"(?:agent|cbt|dt|ffct|ft|imt|oas|pat|ptt|rt|rtr|soat|wt)-[\w.-]{20}",
            "https://docs.gitlab.com/security/tokens/"),
    _format("Google API key", "`AIza…`", r"AIza[\w-]{35}", _SCANNING),
    _format("Google OAuth", "`GOCSPX-…`, `ya29.…`",
            _word("[Gy]") + r"(?:(?<=G)OCSPX-[\w-]{28}|(?<=y)a29\.[\w-]{20})", _SCANNING),
    _format("Grafana", "`glsa_…`, `glc_…`",
            _word("gl") + r"(?:sa_[A-Za-z0-9]{32}_[a-f0-9]{8}|c_[A-Za-z0-9+/]{32})",
            "https://grafana.com/docs/grafana/latest/administration/service-accounts/"),
    _format("Heroku", "`HRKU-…`", r"HRKU-[\w-]{36}", _SCANNING),
    _format("Hugging Face", "`hf_…`", _word("hf_") + r"[A-Za-z0-9]{34}", _SCANNING),
    _format("Linear", "`lin_api_…`", r"lin_(?:api|oauth)_[A-Za-z0-9]{40}", _SCANNING),
    _format("Mailchimp", "`…-us1`", r"-us(?<=\b[a-f0-9]{32}-us)\d{1,2}\b", _SCANNING),
    _format("Mailgun", "`key-…`", r"key-[a-f0-9]{32}\b", _SCANNING),
    _format("New Relic", "`NRAK-…`", r"NRAK-[A-Z0-9]{27}", _SCANNING),
    _format("Notion", "`ntn_…`, `secret_…`",
            _word("[ns]") + r"(?:(?<=n)tn_[A-Za-z0-9]{40}|(?<=s)ecret_[A-Za-z0-9]{43}\b)",
            _SCANNING),
    _format("npm", "`npm_…`", r"npm_[A-Za-z0-9]{36}",
            "https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/"),
    _format("OpenAI", "`sk-…`, `sk-proj-…`",
            _word("sk-") + r"(?:(?:admin|proj|svcacct)-[\w-]{20}|[A-Za-z0-9]{32})", _SCANNING),
    _format("PlanetScale", "`pscale_tkn_…`, `pscale_pw_…`", r"pscale_[a-z]{2,5}_[\w.-]{32}",
            _SCANNING),
    _format("Postman", "`PMAK-…`", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}", _SCANNING),
    _format("Pulumi", "`pul-…`", r"pul-[a-f0-9]{40}",
            "https://www.pulumi.com/docs/administration/access-identity/access-tokens/"),
    _format("PyPI", "`pypi-…`", r"pypi-[\w-]{50}", _SCANNING),
    _format("RubyGems", "`rubygems_…`", r"rubygems_[a-f0-9]{48}", _SCANNING),
    _format("SendGrid", "`SG.….…`", _word(r"SG\.") + r"[\w-]{16,32}\.[\w-]{16}", _SCANNING),
    _format("Sentry", "`sntrys_…`, `sntryu_…`", r"sntry[su]_[\w+/=]{40}", _SCANNING),
    _format("Shopify", "`shpat_…`, `shpss_…`", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}", _SCANNING),
    _format("Slack", "`xoxb-…`, `xoxp-…`, `xapp-…`",
            _word("x") + r"(?:ox[abeoprs](?:\.xox[bp])?-[\w-]{10}|app-\d-[\w-]{10})",
            "https://docs.slack.dev/authentication/tokens"),
    _format("Slack webhook", "`hooks.slack.com/services/…`",
            r"hooks\.slack\.com/(?:services|triggers|workflows)/[\w/+-]{20}",
            "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"),
    _format("Square", "`sq0atp-…`, `sq0csp-…`", r"sq0(?:atp|csp)-[\w-]{22}", _SCANNING),
    _format("Stripe", "`sk_live_…`, `rk_live_…`, `whsec_…`",
            _word("[rsw]")
            + r"(?:(?<=[rs])k_(?:live|test)_[A-Za-z0-9]{16}|(?<=w)hsec_[A-Za-z0-9+/]{24})",
            "https://docs.stripe.com/keys"),
    _format("Supabase", "`sbp_…`", r"sbp_[a-f0-9]{40}", _SCANNING),
    _format("Tailscale", "`tskey-…`", r"tskey-[a-z]{3,10}-[\w-]{20}", _SCANNING),
    _format("Telegram bot", "`123456789:AA…`",
            r":AA(?:(?<=\b\d{8}:AA)|(?<=\b\d{9}:AA)|(?<=\b\d{10}:AA))[\w-]{33}",
            "https://core.telegram.org/bots/api#authorizing-your-bot"),
    _format("Terraform", "`….atlasv1.…`", r"\.atlasv1\.(?<=\b[A-Za-z0-9]{14}\.atlasv1\.)[\w-]{60}",
            _SCANNING),
    _format("Twilio", "`SK…`", _word("SK") + r"[a-f0-9]{32}\b", _SCANNING),
    _format("Vault", "`hvs.…`, `hvb.…`, `s.…`",
            _word("[hs]") + r"(?:(?<=h)v[bsr]\.[\w-]{24}|(?<=s)\.[A-Za-z0-9]{24}\b)",
            "https://developer.hashicorp.com/vault/docs/concepts/tokens"),
)  # fmt: skip
"""The forms of credentials.

The search must be fast on any text. So quantifiers are bounded, and each pattern begins with a
literal or a set of characters, for which `re` has a fast search. What must precede is checked by a
lookbehind after the literal.
"""

_MIN_LENGTH = 8
"""The least number of characters of a text that can match: those of a URL with a password."""


def has_credential_format(text: str) -> bool:
    """Return whether a text contains something in the form of a credential."""
    return len(text) >= _MIN_LENGTH and any(entry.pattern.search(text) for entry in FORMATS)
