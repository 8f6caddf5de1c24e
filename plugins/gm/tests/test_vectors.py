"""SM2, SM3 and SM4 against the published vectors; whatever is tampered with is refused."""

from __future__ import annotations

import gmssl_pyx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from credit_check_gm import sm2
from credit_check_gm.algorithms import Sm2, Sm4Gcm

# GB/T 32918.5-2017, annex A: the recommended curve, identifier 1234567812345678.
PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
MESSAGE = b"message digest"
KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


def test_the_signature_of_the_standard_verifies_in_both_forms() -> None:
    assert sm2.public_of(PRIVATE) == PUBLIC
    assert sm2.verify(PUBLIC, MESSAGE, SIGNATURE)
    assert sm2.verify(PUBLIC, MESSAGE, sm2.der(SIGNATURE), form="der")
    assert sm2.plain(sm2.der(SIGNATURE)) == SIGNATURE
    assert sm2.read_public("04" + PUBLIC.hex()) == sm2.read_public(PUBLIC.hex()) == PUBLIC


def test_a_signature_of_ours_is_read_and_another_identifier_is_another_signer() -> None:
    for form in ("der", "plain"):
        made = sm2.sign(PRIVATE, MESSAGE, form=form, user_id=b"ALICE123@YAHOO.COM")
        assert sm2.verify(PUBLIC, MESSAGE, made, form=form, user_id=b"ALICE123@YAHOO.COM")
        assert not sm2.verify(PUBLIC, MESSAGE, made, form=form)


@pytest.mark.parametrize("form", ["plain", "der"])
def test_every_changed_part_is_refused(form: sm2.Form) -> None:
    signature = SIGNATURE if form == "plain" else sm2.der(SIGNATURE)
    for place in range(len(signature)):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not sm2.verify(PUBLIC, MESSAGE, bytes(changed), form=form)
    for wrong in (b"", signature[:-1], signature + b"\0", bytes(64), b"\xff" * 64):
        assert not sm2.verify(PUBLIC, MESSAGE, wrong, form=form)
    assert not sm2.verify(PUBLIC, b"Message digest", signature, form=form)
    assert not sm2.verify(sm2.generate()[1], MESSAGE, signature, form=form)
    off_curve = PUBLIC[:-1] + bytes([PUBLIC[-1] ^ 1])
    assert not sm2.verify(off_curve, MESSAGE, signature, form=form)
    assert not sm2.verify(PUBLIC[:32], MESSAGE, signature, form=form)


def test_the_encryption_of_the_standard_is_read() -> None:
    """GB/T 32918.5-2017, annex C; written as GM/T 0009 has it: x, y, C3, C2 in DER."""
    x = "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    y = "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
    c3 = "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
    c2 = "21886CA989CA9C7D58087307CA93092D651EFA"
    body = bytes.fromhex(f"0220{x}022100{y}0420{c3}0413{c2}")
    text = b"\x30" + bytes([len(body)]) + body
    assert sm2.decrypt(PRIVATE, text) == b"encryption standard"
    assert sm2.decrypt(PRIVATE, sm2.encrypt(PUBLIC, b"secret")) == b"secret"
    with pytest.raises(ValueError, match="cannot be decrypted"):
        sm2.decrypt(PRIVATE, text[:-1] + bytes([text[-1] ^ 1]))


@pytest.mark.parametrize("wrong", ["", "00", "zz", "ff" * 32, "00" * 32, "11" * 64, "04" + "00" * 64])
def test_what_is_no_key_is_not_read(wrong: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  bytes.fromhex has words of its own
        sm2.read_private(wrong)
    with pytest.raises(ValueError):  # noqa: PT011  the same
        sm2.read_public(wrong)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_is_that_of_the_standard(text: bytes, digest: str) -> None:
    """GB/T 32905-2016, annex A."""
    assert bytes(gmssl_pyx.sm3_hash(text)).hex() == digest


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 200])
def test_hmac_sm3_agrees_with_another_library(length: int) -> None:
    key, text = bytes(range(length + 1)), b"\xa5" * length
    other = HMAC(key, hashes.SM3())
    other.update(text)
    assert bytes(gmssl_pyx.sm3_hmac(key, text)) == other.finalize()


def test_sm4_is_that_of_the_standard() -> None:
    """GB/T 32907-2016, annex A.1: one block; the first block of CBC from zero is the block itself."""
    assert (
        bytes(gmssl_pyx.sm4_cbc_padding_encrypt(KEY, bytes(16), KEY))[:16].hex() == "681edf34d206965e86b3e94f536e4246"
    )


def test_sm4_gcm_is_that_of_rfc_8998() -> None:
    """RFC 8998, appendix A.1."""
    nonce = bytes.fromhex("00001234567800000000ABCD")
    bound_to = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([each]) * 8 for each in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    text = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    cipher = Sm4Gcm()
    assert cipher.decrypt(KEY, nonce + text, bound_to) == plain
    blob = cipher.encrypt(KEY, plain, bound_to)
    assert cipher.decrypt(KEY, blob, bound_to) == plain
    assert blob != cipher.encrypt(KEY, plain, bound_to)
    for place in (0, 12, 40, len(blob) - 1):
        changed = bytearray(blob)
        changed[place] ^= 1
        with pytest.raises(ValueError, match="changed"):
            cipher.decrypt(KEY, bytes(changed), bound_to)
    for key, bound in ((bytes(16), bound_to), (KEY, b"other")):
        with pytest.raises(ValueError, match="changed"):
            cipher.decrypt(key, blob, bound)
    with pytest.raises(ValueError, match="short"):
        cipher.decrypt(KEY, blob[:20], bound_to)


def test_a_receipt_key_is_a_jwk_of_its_curve() -> None:
    algorithm = Sm2()
    private, public = algorithm.generate()
    assert algorithm.verify(public, b"text", algorithm.sign(private, b"text"))
    assert not algorithm.verify(public, b"texts", algorithm.sign(private, b"text"))
    assert {**algorithm.jwk(PUBLIC)} == {
        "kty": "EC",
        "crv": "SM2",
        "x": "CfnfMR5UIaFQ3X0WHkvFxnIXn60YM_wHa7CP81bzUCA",
        "y": "zOpJDOJndaUtxupxjMGqYArtBfvzXghKZjL2By2prRM",
    }
