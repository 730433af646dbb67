"""URLs that are normalized without the HTTP library, which would not change them either."""

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubiya_pulumi.api import urls

LABEL = st.text("ab09xn", min_size=1, max_size=5)
SEGMENT = st.text("aZ0_-", min_size=1, max_size=5)
PORT = st.one_of(st.just(""), st.integers(1, 59_999).map(lambda port: f":{port}"))


@st.composite
def plain_urls(draw: st.DrawFn) -> str:
    host = draw(st.sampled_from(".-")).join(draw(st.lists(LABEL, min_size=1, max_size=4)))
    path = "".join(f"/{segment}" for segment in draw(st.lists(SEGMENT, max_size=3)))
    scheme, end = draw(st.sampled_from(["http", "https"])), draw(st.sampled_from(["", "/"]))
    return f"{scheme}://{host}{draw(PORT)}{path}{end}"


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(plain_urls())
def test_a_plain_url_is_what_requests_makes_of_it(url: str) -> None:
    assert urls._PLAIN_URL.fullmatch(url)
    assert urls.normalize_url(url) == requests.Request("GET", url).prepare().url
