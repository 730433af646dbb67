"""Credentials and values that resemble some, with what the review reports.

The tokens are put together when the tests run, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

HEX = "0123456789abcdef" * 8
MIXED = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU" * 8
UPPER = "AB2CD3EF4GH5IJ6KL7MN" * 8


def _join(*parts: str) -> str:
    return "".join(parts)


FORMAT_SAMPLES: Mapping[str, str] = {
    "Private key": _join("-----BEGIN EC", " PRIVATE KEY-----\nMIIE\n"),
    "Private key in Base64": b64encode(b"-----BEGIN OPENSSH" + b" PRIVATE KEY-----\n").decode(),
    "PuTTY private key": _join("PuTTY-User", "-Key-File-3: ssh-ed25519"),
    "age secret key": _join("AGE-SECRET", "-KEY-1", UPPER[:58]),
    "JSON web token": _join("eyJ", "hbGciOiJIUzI1NiJ9", ".eyJ", "zdWIiOiIxIn0.", MIXED[:43]),
    "URL with a password": _join("postgres://app:", "hunter2", "@db:5432/app"),
    "HTTP Authorization header": _join("Authorization: ", "Bearer ", MIXED[:20]),
    "Docker registry login": _join('{"auths":{"r":{"auth"', ': "', MIXED[:24], '"}}}'),
    "NATS seed": _join("SU", UPPER[:2].replace("B", "A"), UPPER[:54].replace("1", "A")),
    "1Password": _join("ops", "_eyJ", MIXED[:120]),
    "Alibaba Cloud": _join("LTA", "I", MIXED[:20]),
    "Anthropic": _join("sk-", "ant-api03-", MIXED[:40]),
    "Artifactory": _join("AKC", "p", MIXED[:69]),
    "Atlassian": _join("ATAT", "T3", MIXED[:40]),
    "AWS access key": _join("AKI", "A", UPPER[:16]),
    "Azure client secret": _join("abc", "8Q~", MIXED[:34]),
    "Azure connection string": _join("AccountName=a;Account", "Key=", MIXED[:86], "=="),
    "Azure shared access signature": _join("https://a.example/b?sv=1&", "sig=", MIXED[:43], "%3D"),
    "Databricks": _join("dap", "i", HEX[:32]),
    "DigitalOcean": _join("dop", "_v1_", HEX[:64]),
    "Discord bot": _join("M", MIXED[:23], ".", MIXED[:6], ".", MIXED[:27]),
    "Discord webhook": _join("https://discord.com/api/web", "hooks/", "1" * 18, "/", MIXED[:68]),
    "Docker": _join("dckr", "_pat_", MIXED[:27]),
    "Doppler": _join("dp.", "pt.", MIXED[:43]),
    "Dynatrace": _join("dt0", "c01.", UPPER[:24], ".", UPPER[:64]),
    "Figma": _join("fig", "d_", MIXED[:40]),
    "GitHub": _join("gh", "p_", MIXED[:36]),
    "GitHub, fine-grained": _join("github", "_pat_", MIXED[:22], "_", MIXED[:59]),
    "GitLab": _join("gl", "pat-", MIXED[:20]),
    "Google API key": _join("AIz", "a", MIXED[:35]),
    "Google OAuth": _join("GOC", "SPX-", MIXED[:28]),
    "Grafana": _join("gls", "a_", MIXED[:32], "_", HEX[:8]),
    "Heroku": _join("HRK", "U-", HEX[:8], "-", HEX[:4], "-", HEX[:4], "-", HEX[:4], "-", HEX[:12]),
    "Hugging Face": _join("h", "f_", MIXED[:34]),
    "Linear": _join("lin", "_api_", MIXED[:40]),
    "Mailchimp": _join(HEX[:32], "-us", "12"),
    "Mailgun": _join("ke", "y-", HEX[:32]),
    "New Relic": _join("NRA", "K-", UPPER[:27]),
    "Notion": _join("nt", "n_", MIXED[:43]),
    "npm": _join("np", "m_", MIXED[:36]),
    "OpenAI": _join("sk-", "proj-", MIXED[:48]),
    "PlanetScale": _join("pscale", "_tkn_", MIXED[:43]),
    "Postman": _join("PMA", "K-", HEX[:24], "-", HEX[:34]),
    "Pulumi": _join("pu", "l-", HEX[:40]),
    "PyPI": _join("py", "pi-", MIXED[:60]),
    "RubyGems": _join("ruby", "gems_", HEX[:48]),
    "SendGrid": _join("S", "G.", MIXED[:22], ".", MIXED[:43]),
    "Sentry": _join("sntr", "ys_", MIXED[:60]),
    "Shopify": _join("shp", "at_", HEX[:32]),
    "Slack": _join("xox", "b-", "1" * 12, "-", "2" * 12, "-", MIXED[:24]),
    "Slack webhook": _join("https://hooks.slack.com/ser", "vices/", UPPER[:9], "/", MIXED[:24]),
    "Square": _join("sq0", "atp-", MIXED[:22]),
    "Stripe": _join("sk", "_live_", MIXED[:24]),
    "Supabase": _join("sb", "p_", HEX[:40]),
    "Tailscale": _join("ts", "key-auth-", MIXED[:24]),
    "Telegram bot": _join("1" * 9, ":AA", MIXED[:33]),
    "Terraform": _join(MIXED[:14], ".atlas", "v1.", MIXED[:67]),
    "Twilio": _join("S", "K", HEX[:32]),
    "Vault": _join("hv", "s.", MIXED[:90]),
}
"""A credential of each format."""

SHA256 = HEX[:64]
KEY_MATERIAL = MIXED[:44]


@dataclass(frozen=True)
class NamedValue:
    """A value with a name, whether it is a credential, and whether the review reports it."""

    name: str
    value: str
    is_credential: bool
    is_reported: bool


def _values(*pairs: tuple[str, str], credential: bool, reported: bool) -> tuple[NamedValue, ...]:
    return tuple(NamedValue(name, value, credential, reported) for name, value in pairs)


NAMED_VALUES: tuple[NamedValue, ...] = (
    *_values(
        ("DB_PASSWORD", "hunter2"),
        ("POSTGRES_PASSWORD", "123456"),
        ("MYSQL_ROOT_PASSWD", "hunter2"),
        ("dbPass", "hunter2"),
        ("githubToken", "hunter2"),
        ("CLIENT_SECRET", "hunter2"),
        ("NEXTAUTH_SECRET", "hunter2"),
        ("API_KEY", "hunter2"),
        ("apikey", "hunter2"),
        ("STRIPE_KEY", "hunter2"),
        ("SSH_KEY_2", "hunter2"),
        ("AWS_SECRET_ACCESS_KEY", KEY_MATERIAL),
        ("DJANGO_SECRET_KEY", "hunter2"),
        ("nats.creds", "hunter2"),
        ("AUTHORIZATION", "Token hunter2"),
        ("COSMOS_PRIMARY_KEY", KEY_MATERIAL),
        ("PASSWORD", "${FROM_ELSEWHERE:-hunter2}"),
        ("PASSWORD", "process.env.PASSWORD ?? 'hunter2'"),
        credential=True,
        reported=True,
    ),
    *_values(
        ("imagePullSecret", "registry"),
        ("existingSecret", "app-credentials"),
        ("tlsSecret", "app-tls"),
        ("secretName", "app"),
        ("SECRET_NAME", "app"),
        ("TOKEN_URL", "https://example.com/token"),
        ("OAUTH_TOKEN", "https://example.com/token"),
        ("PASSWORD_FILE", "/run/secrets/password"),
        ("PASSWORD", "/run/secrets/password"),
        ("PRIMARY_KEY", "customer"),
        ("PARTITION_KEY", "region"),
        ("SORT_KEY", "created_at"),
        ("CACHE_KEY", "session:v2"),
        ("REDIS_KEY", "jobs"),
        ("FOREIGN_KEY", "customer_id"),
        ("DYNAMODB_KEY", "tenant"),
        ("LOCK_KEY", "leader"),
        ("STATE_KEY", "terraform.tfstate"),
        ("primaryKey", "id"),
        ("nodeKey", "hostname"),
        ("PUBLIC_KEY", KEY_MATERIAL),
        ("MONKEY", "hunter2"),
        ("MAX_TOKEN", "4096"),
        ("TOKEN_LIMIT", "4096"),
        ("SECRET_ROTATION_TOKEN", "3600"),
        ("USE_TOKEN", "true"),
        ("AUTH_SECRET", "disabled"),
        ("REFRESH_TOKEN", "30m"),
        ("ACCESS_TOKEN", "1h30m"),
        ("REFRESH_TOKEN", "P30D"),
        ("PASSWORD", ""),
        ("PASSWORD", "$(FROM_ELSEWHERE)"),
        ("PASSWORD", "${FROM_ELSEWHERE}"),
        ("PASSWORD", "$FROM_ELSEWHERE"),
        ("PASSWORD", "$${FROM_ELSEWHERE}"),
        ("PASSWORD", "${FROM_ELSEWHERE:-}"),
        ("PASSWORD", "${FROM_ELSEWHERE:-$OTHER}"),
        ("PASSWORD", "${env:FROM_ELSEWHERE}"),
        ("PASSWORD", "$env:FROM_ELSEWHERE"),
        ("PASSWORD", "%FROM_ELSEWHERE%"),
        ("PASSWORD", "$ENV{FROM_ELSEWHERE}"),
        ("PASSWORD", "$__env{FROM_ELSEWHERE}"),
        ("PASSWORD", "@env(FROM_ELSEWHERE)"),
        ("PASSWORD", "!ENV FROM_ELSEWHERE"),
        ("PASSWORD", "process.env.FROM_ELSEWHERE"),
        ("PASSWORD", 'std::env::var("FROM_ELSEWHERE")'),
        ("PASSWORD", "#{ENV['FROM_ELSEWHERE']}"),
        ("PASSWORD", '{{ env "FROM_ELSEWHERE" }}'),
        ("PASSWORD", "{{ .Values.password }}"),
        ("PASSWORD", "<your password>"),
        ("PASSWORD", "********"),
        ("PASSWORD", "vault:secret/data/app#password"),
        ("PASSWORD", "secret/data/app#password"),
        ("PASSWORD", "ref+vault://secret/app#/password"),
        ("PASSWORD", "ref+awsssm://app/password"),
        ("PASSWORD", "secretref:app-password"),
        ("PASSWORD", "op://vault/app/password"),
        ("PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app"),
        ("PASSWORD", "projects/app/secrets/password/versions/1"),
        ("PASSWORD", "azkv://app/password"),
        ("PASSWORD", "aws-secretsmanager:app/password"),
        ("PASSWORD", "gcp:secretmanager:projects/app/secrets/password"),
        ("PASSWORD", "<path:secret/data/app#password>"),
        ("PASSWORD", "@Microsoft.KeyVault(VaultName=app;SecretName=password)"),
        ("PASSWORD", "ENC[AES256_GCM,data:abc,type:str]"),
        ("checksum/secret", SHA256),
        ("app.py", 'password = os.environ["PASSWORD"]'),
        ("values.yaml", "imagePullSecret: registry\nprimary_key: id\n"),
        credential=False,
        reported=False,
    ),
    # What the review does not recognize.
    *_values(
        ("DB_LOGIN", "app/hunter2"),
        ("SETTING", "hunter2"),
        ("PIN", "123456"),
        ("ACCESS_CODE", "hunter2"),
        ("API_TOKEN", "123456"),
        ("PASSWORD", "vault:hunter2"),
        ("SETTING", b64encode(b"password=hunter2").decode()),
        credential=True,
        reported=False,
    ),
    # What it takes for a credential.
    *_values(
        ("SECRET", "app-credentials"),
        ("THEME_KEY", "dark"),
        ("TOKEN", "header"),
        credential=False,
        reported=True,
    ),
)
"""Values with names, each with what the review reports."""
