"""The address that URLs in answers begin with, and who may say what it is."""

import ipaddress

import pytest
from fastapi import Request
from pydantic import ValidationError

from serve_app.config import IngressConfig
from serve_app.http.addresses import Addresses
from wire.errors import InvalidRequestError

PROOF = "proof"
PROXY = ipaddress.ip_network("10.0.0.0/8")
FORWARDED = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "models.example.com",
    "x-forwarded-prefix": "/ai/v2/",
}


def request(**headers: str) -> Request:
    named = {"host": "server:8000"} | {name.replace("_", "-"): v for name, v in headers.items()}
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/",
            "query_string": b"",
            "client": ("10.0.0.1", 1),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
        }
    )


def behind_proxy(**headers: str) -> str:
    addresses = Addresses(None, [PROXY], PROOF)
    return addresses.base(request(**FORWARDED | headers))


def test_address_is_the_one_the_client_used() -> None:
    assert Addresses().base(request()) == "http://server:8000"
    assert Addresses().base(request(host="[::1]:8000")) == "http://[::1]:8000"


def test_public_url_wins() -> None:
    addresses = Addresses("https://example.com/models/", [PROXY], PROOF)

    assert addresses.base(request(**FORWARDED)) == "https://example.com/models"


def test_trusted_proxy_says_how_it_was_reached() -> None:
    base = behind_proxy(x_homeport_peer=f"10.1.2.3 {PROOF}")

    assert base == "https://models.example.com/ai/v2"


def test_trusted_proxy_may_be_known_by_a_mapped_address() -> None:
    assert behind_proxy(x_homeport_peer=f"::ffff:10.1.2.3 {PROOF}").startswith("https://models")


@pytest.mark.parametrize(
    "peer",
    [
        f"192.168.0.1 {PROOF}",  # not trusted
        "10.1.2.3 guess",  # a client's own claim
        "10.1.2.3",
        f"10.1.2.3,{PROOF}",
        f"nobody {PROOF}",
        f" {PROOF}",
        "",
        "10.1.2.3 prööf",
    ],
)
def test_forged_claim_of_a_trusted_proxy_counts_for_nothing(peer: str) -> None:
    assert behind_proxy(x_homeport_peer=peer) == "http://server:8000"


def test_without_haproxy_nobody_is_trusted() -> None:
    assert behind_proxy() == "http://server:8000"  # although the socket's peer is in the network
    addresses = Addresses(None, [PROXY], None)
    assert addresses.base(request(**FORWARDED, x_homeport_peer="10.0.0.1 ")) == "http://server:8000"


def test_scheme_that_a_server_took_from_an_untrusted_header_counts_for_nothing() -> None:
    taken = request(x_forwarded_proto="https")
    taken.scope["scheme"] = "https"

    assert Addresses(None, [PROXY], PROOF).base(taken) == "http://server:8000"


def test_scheme_of_a_server_with_its_own_certificate_is_https() -> None:
    encrypted = request()
    encrypted.scope["scheme"] = "https"

    assert Addresses().base(encrypted) == "https://server:8000"


def test_two_claims_count_for_nothing() -> None:
    twice = request(**FORWARDED, x_homeport_peer=f"10.1.2.3 {PROOF}")
    twice.scope["headers"].append((b"x-homeport-peer", b"10.1.2.3 x"))

    assert Addresses(None, [PROXY], PROOF).base(twice) == "http://server:8000"


@pytest.mark.parametrize(
    "prefix",
    ["//evil.com", "/..", "/a/../b", "evil", "/a//b", "/a\r\nb", '/a"b', "/a?b", "/%2e%2e", "/" * 9,
     "/" + "a" * 300],
)  # fmt: skip
def test_unsafe_prefix_is_ignored(prefix: str) -> None:
    base = behind_proxy(x_homeport_peer=f"10.1.2.3 {PROOF}", **{"x-forwarded-prefix": prefix})

    assert base == "https://models.example.com"


@pytest.mark.parametrize("host", ["a/b", "a b", "a@b", "evil.com#", "", '"', "a:b", "a:123456"])
def test_unfit_forwarded_host_is_ignored(host: str) -> None:
    base = behind_proxy(x_homeport_peer=f"10.1.2.3 {PROOF}", **{"x-forwarded-host": host})

    assert base == "https://server:8000/ai/v2"


def test_last_of_several_values_is_the_trusted_proxys() -> None:
    base = behind_proxy(
        x_homeport_peer=f"10.1.2.3 {PROOF}",
        **{
            "x-forwarded-proto": "http, https",
            "x-forwarded-host": "evil.com, models.example.com",
            "x-forwarded-prefix": "/evil, /ai",
        },
    )

    assert base == "https://models.example.com/ai"


@pytest.mark.parametrize("host", ["", "a/b", 'a"b', "a@b", "ä"])
def test_unfit_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidRequestError):
        Addresses().base(request(host=host))


@pytest.mark.parametrize(
    "url", ["example.com", "ftp://x", "https://x/?a", "https://u@x", "//x", 'https://x/"', "https://"]
)  # fmt: skip
def test_public_url_must_be_an_address(url: str) -> None:
    with pytest.raises(ValidationError, match="must be like"):
        IngressConfig(public_url=url)


def test_trusted_proxies_are_networks() -> None:
    config = IngressConfig.model_validate({"trusted_proxies": ["10.0.0.0/8", "::1"]})

    assert [str(network) for network in config.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    with pytest.raises(ValidationError):
        IngressConfig.model_validate({"trusted_proxies": ["proxy"]})
