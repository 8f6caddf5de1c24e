"""HTTP message signatures against the test cases of RFC 9421, appendix B.2; whatever is tampered with is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from credit_check_gateways import algorithms, fields, messages
from credit_check_gateways.messages import Message, SignatureError

DIGEST = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
BODY = b'{"hello": "world"}'
HEADERS = {
    "Host": "example.com",
    "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Digest": DIGEST,
    "Content-Length": "18",
}
REQUEST = Message(HEADERS, "POST", "https://example.com/foo?param=Value&Pet=dog")
RESPONSE = Message(
    {
        "Date": "Tue, 20 Apr 2021 02:07:56 GMT",
        "Content-Type": "application/json",
        "Content-Digest": "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
        "Content-Length": "23",
    },
    status=200,
)
CREATED = 1618884473
SHARED = "base64:uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
ED25519_PRIVATE = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----"""
ED25519_PUBLIC = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----"""
P256_PUBLIC = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----"""
RSA_PUBLIC = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----"""

CASES: dict[str, tuple[Message, Any, str, str]] = {
    "b22": (
        REQUEST,
        ("rsa-pss-sha512", RSA_PUBLIC),
        (
            '("@authority" "content-digest" "@query-param";name="Pet")'
            ';created=1618884473;keyid="test-key-rsa-pss";tag="header-example"'
        ),
        (
            "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT"
            "8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBS"
            "pqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTu"
            "gEjHSw=="
        ),
    ),
    "b23": (
        REQUEST,
        ("rsa-pss-sha512", RSA_PUBLIC),
        (
            '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")'
            ';created=1618884473;keyid="test-key-rsa-pss"'
        ),
        (
            "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fU"
            "xN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA"
            "1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKE"
            "gM4cUA=="
        ),
    ),
    "b24": (
        RESPONSE,
        ("ecdsa-p256-sha256", P256_PUBLIC),
        '("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
    ),
    "b25": (
        REQUEST,
        ("hmac-sha256", SHARED),
        '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
    ),
    "b26": (
        REQUEST,
        ("ed25519", ED25519_PUBLIC),
        (
            '("date" "@method" "@path" "@authority" "content-type" "content-length")'
            ';created=1618884473;keyid="test-key-ed25519"'
        ),
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    ),
}


def algorithm(name: str, key: str) -> algorithms.Algorithm:
    return algorithms.shared(key) if name == "hmac-sha256" else algorithms.verifying(name, key)


def signed(case: str, **changed: str) -> tuple[Message, algorithms.Algorithm]:
    message, key, covered, proof = CASES[case]
    label = f"sig-{case}"
    headers = {**message.headers, "Signature-Input": f"{label}={covered}", "Signature": f"{label}=:{proof}:", **changed}
    return replace(message, headers=headers), algorithm(*key)


@pytest.mark.parametrize("case", CASES)
def test_the_signatures_of_the_standard_verify(case: str) -> None:
    message, key = signed(case)
    covered = messages.verify(message, key, needs=frozenset(), now=CREATED + 1)
    assert covered.written() == CASES[case][2]
    assert covered.params["created"] == CREATED


@pytest.mark.parametrize(("case", "secret"), [("b25", SHARED), ("b26", ED25519_PRIVATE)])
def test_what_is_signed_without_chance_is_made_the_same(case: str, secret: str) -> None:
    message, (name, _), text, proof = CASES[case]
    (covered,) = fields.inner_lists(f"x={text}").values()
    made = messages.sign(message, covered.items, covered.params, algorithms.signing(name, secret), f"sig-{case}")
    assert made == {"Signature-Input": f"sig-{case}={text}", "Signature": f"sig-{case}=:{proof}:"}


def test_the_text_that_is_signed_is_that_of_the_standard() -> None:
    (covered,) = fields.inner_lists(f"x={CASES['b22'][2]}").values()
    assert messages.base(REQUEST, covered).decode() == (
        f'"@authority": example.com\n"content-digest": {DIGEST}\n"@query-param";name="Pet": dog\n'
        '"@signature-params": ("@authority" "content-digest" "@query-param";name="Pet")'
        ';created=1618884473;keyid="test-key-rsa-pss";tag="header-example"'
    )


def test_the_digest_is_that_of_the_standard() -> None:
    assert messages.digest(BODY, "sha-512") == DIGEST
    assert messages.digest_holds(HEADERS, BODY)
    assert not messages.digest_holds(HEADERS, BODY + b" ")
    assert not messages.digest_holds({}, BODY)
    assert not messages.digest_holds({"content-digest": "md5=:AAAA:"}, BODY)
    assert not messages.digest_holds({"content-digest": f"{DIGEST}, {messages.digest(b'')}"}, BODY)


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_changed_is_refused(case: str) -> None:
    message, key = signed(case)
    _, _, text, proof = CASES[case]
    (covered,) = fields.inner_lists(f"x={text}").values()
    for item in covered.items:
        if not item.value.startswith("@"):
            name = next(each for each in message.headers if each.lower() == item.value)
            with pytest.raises(SignatureError, match="does not hold"):
                messages.verify(signed(case, **{name: "changed"})[0], key, needs=frozenset())
    other = {"status": 201} if message.status else {"url": "https://example.org/bar?Pet=cat", "method": "GET"}
    with pytest.raises(SignatureError, match="does not hold"):
        messages.verify(replace(message, **other), key, needs=frozenset())
    flipped = ("A" if proof[0] != "A" else "B") + proof[1:]
    for headers in (
        {"Signature": f"sig-{case}=:{flipped}:"},
        {"Signature": f"sig-{case}=::"},
        {"Signature": f"other=:{proof}:"},
        {"Signature-Input": f"sig-{case}={text.replace('1618884473', '1618884474')}"},
        {"Signature-Input": f"sig-{case}={text};expires=1"},
        {"Signature-Input": f'sig-{case}={text};alg="none"'},
        {"Signature-Input": f"sig-{case}="},
        {"Signature-Input": ""},
    ):
        with pytest.raises(SignatureError):
            messages.verify(signed(case, **headers)[0], key, needs=frozenset(), now=CREATED)
    bare = {name: value for name, value in message.headers.items() if not name.startswith("Signature")}
    with pytest.raises(SignatureError, match="missing"):
        messages.verify(replace(message, headers=bare), key, needs=frozenset())


def test_a_policy_is_kept() -> None:
    message, key = signed("b26")
    messages.verify(message, key, needs=frozenset({"@method", "@path"}), key_id="test-key-ed25519")
    policies: tuple[tuple[dict[str, Any], str], ...] = (
        ({"needs": frozenset({"content-digest"})}, "does not cover content-digest"),
        ({"needs": frozenset(), "now": CREATED + 301}, "another time"),
        ({"needs": frozenset(), "now": CREATED - 301}, "another time"),
        ({"needs": frozenset(), "key_id": "another"}, "another key"),
    )
    for policy, why in policies:
        with pytest.raises(SignatureError, match=why):
            messages.verify(message, key, **policy)


@pytest.mark.parametrize(
    "covered",
    [
        '("date" "date")',
        '("x-missing")',
        '("@status")',
        '("@nothing")',
        '("date";sf)',
        '("date";req)',
        '("@method";bs)',
        '("@query-param")',
        '("@query-param";name="none")',
        '("Date")',
    ],
)
def test_components_that_cannot_be_read_are_refused(covered: str) -> None:
    (inner,) = fields.inner_lists(f"x={covered}").values()
    with pytest.raises(SignatureError):
        messages.base(REQUEST, inner)


def test_derived_components_are_those_of_the_standard() -> None:
    """RFC 9421, 2.2."""
    request = Message({}, "get", "https://www.Example.com:443/path?param=value&foo=bar%20baz&param2=")
    wanted = {
        '"@method"': "GET",
        '"@target-uri"': request.url,
        '"@authority"': "www.example.com",
        '"@scheme"': "https",
        '"@request-target"': "/path?param=value&foo=bar%20baz&param2=",
        '"@path"': "/path",
        '"@query"': "?param=value&foo=bar%20baz&param2=",
        '"@query-param";name="foo"': "bar%20baz",
        '"@query-param";name="param2"': "",
    }
    (inner,) = fields.inner_lists(f"x=({' '.join(wanted)})").values()
    lines = messages.base(request, inner).decode().split("\n")[:-1]
    assert lines == [f"{name}: {value}" for name, value in wanted.items()]
    (inner,) = fields.inner_lists('x=("@query" "@path" "@authority")').values()
    lines = messages.base(Message({}, "GET", "http://[::1]:8080"), inner).decode().split("\n")[:-1]
    assert lines == ['"@query": ?', '"@path": /', '"@authority": [::1]:8080']


def test_an_answer_may_cover_its_request() -> None:
    (inner,) = fields.inner_lists('x=("@status" "@method";req "content-digest";req)').values()
    text = messages.base(replace(RESPONSE, request=REQUEST), inner).decode()
    assert f'"@method";req: POST\n"content-digest";req: {DIGEST}\n' in text


@pytest.mark.parametrize(
    "text",
    ["x", "x=(", 'x=("a"', 'x=("a""b")', "x=(1)", 'x=("a") y=("b")', 'x=("a"),', 'x=("a"), x=("b")', 'x=("a";p;p)', "X=()",
     'x=("a");created=1.5', 'x=("a";p=tok)', 'x=("\\n")', "x=:a:"],
)  # fmt: skip
def test_what_is_no_field_is_not_read(text: str) -> None:
    with pytest.raises(fields.FieldError):
        fields.inner_lists(text)


def test_fields_are_written_as_they_were_read() -> None:
    text = 'x=("a" "b\\"\\\\";p=?0;q);n=-5;s="t";b=:AAE=:;f'
    (inner,) = fields.inner_lists(text).values()
    assert f"x={inner.written()}" == text
    with pytest.raises(fields.FieldError):
        fields.Item("名").written()


@pytest.mark.parametrize("name", [*algorithms.NAMES, "none"])
def test_a_key_of_another_algorithm_is_refused(name: str) -> None:
    keys = {"ed25519": P256_PUBLIC, "hmac-sha256": "base64:AAAA"}
    with pytest.raises(ValueError):  # noqa: PT011  libraries have words of their own
        algorithm(name, keys.get(name, ED25519_PUBLIC))


def test_a_public_key_signs_nothing_and_shows_nothing() -> None:
    key = algorithm("ed25519", ED25519_PUBLIC)
    with pytest.raises(ValueError, match="signs nothing"):
        key.sign(b"")
    assert repr(key) == "Algorithm('ed25519')"
    assert hashlib.sha256(repr(algorithms.shared(SHARED)).encode()).hexdigest()  # it can be shown, and shows no secret
    assert "uzvJ" not in repr(algorithms.shared(SHARED))
