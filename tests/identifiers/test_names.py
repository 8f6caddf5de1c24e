"""Names: the encodings in which they arrive, and the form in which they are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_check_sdk.model.names import decode_name, normalise_name, same_name

HAN = st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12)


class TestDecoding:
    @pytest.mark.parametrize(
        "name", ["贺州市示例食品有限公司", "贺州（示例）公司", "示例𠮷公司", "買買提·示例", "㐱示例", "Example Ltd"]
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_a_name_is_read_in_either_encoding(self, name: str, encoding: str) -> None:
        assert decode_name(name.encode(encoding)) == name

    @given(HAN)
    def test_a_chinese_name_is_read_from_utf_8(self, name: str) -> None:
        assert decode_name(name.encode()) == name

    @pytest.mark.parametrize("name", ["某某", "木某", "某木(1)"])
    def test_common_characters_of_gb2312_that_happen_to_be_utf_8_are_read_as_chinese(self, name: str) -> None:
        data = name.encode("gb2312")
        assert data.decode("utf-8") != name  # it is UTF-8 too, as letters of Europe
        assert decode_name(data) == name

    @pytest.mark.parametrize("name", ["José", "Müller GmbH", "Иванов", "Ωmega"])
    def test_names_in_other_letters_stay_utf_8(self, name: str) -> None:
        assert decode_name(name.encode()) == name

    def test_what_is_neither_is_refused(self) -> None:
        with pytest.raises(UnicodeDecodeError):
            decode_name(b"\xff\xfe\xff")


class TestComparing:
    @pytest.mark.parametrize(
        ("raw", "normal"),
        [
            ("贺州市示例食品有限公司", "贺州市示例食品有限公司"),
            (" 贺州市　示例 食品\u200b有限公司\t", "贺州市示例食品有限公司"),
            ("贺州（示例）有限公司", "贺州(示例)有限公司"),
            ("贺州〔示例〕有限公司", "贺州(示例)有限公司"),
            ("贺州【示例】有限公司", "贺州(示例)有限公司"),
            ("贺州 ( 示例 ) 有限公司", "贺州(示例)有限公司"),
            ("ＡＢＣ示例公司", "abc示例公司"),
            ("ABC 示例公司", "abc示例公司"),
            ("Example   Trading\u3000LTD", "example trading ltd"),
            ("Example (China) Ltd", "example(china)ltd"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("买买提•示例", "买买提·示例"),
            ("买买提 · 示例", "买买提·示例"),
            ("买买提.示例", "买买提·示例"),
            ("买买提．示例", "买买提·示例"),
            ("买买提・示例", "买买提·示例"),
            ("No.1 示例", "no.1示例"),
            ("示例“甲”公司", '示例"甲"公司'),
            ("示例—甲公司", "示例-甲公司"),
            ("示例 &amp; Partners", "示例& partners"),
            ("示例&nbsp;公司", "示例公司"),
            ("示例&amp;amp;公司", "示例&公司"),  # escaped twice
            ("买买提&#183;示例", "买买提·示例"),
            ("AT&T", "at&t"),
            ("\ufeff示例公司", "示例公司"),
            (" \u200b ", ""),
        ],
    )
    def test_ways_of_writing_are_folded(self, raw: str, normal: str) -> None:
        assert normalise_name(raw) == normal

    @pytest.mark.parametrize("name", ["示例公司", "贺州市示例食品有限公司", "华夏中天"])
    def test_utf_8_read_as_latin_text_is_repaired(self, name: str) -> None:
        data = name.encode()
        assert normalise_name(data.decode("latin-1")) == name
        # What Windows reads: code page 1252, and what that leaves out as it is.
        assert normalise_name("".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in data)) == name

    @pytest.mark.parametrize("name", ["café münchen", "ñandú", "Ã©"])
    def test_latin_names_are_left_alone(self, name: str) -> None:
        assert normalise_name(name) == name.casefold()

    def test_names_are_the_same_by_their_folded_form(self) -> None:
        assert same_name("贺州（示例）有限公司 ", "贺州(示例)有限公司")
        assert not same_name("贺州示例有限公司", "贺州示例有限责任公司")

    def test_no_name_is_the_same_as_none(self) -> None:
        assert not same_name("", " \u3000")

    @given(st.text(max_size=20) | st.text(alphabet="È¡¢è´º &amp;#12;·.示例（ (İǰſßͅ", max_size=12))
    def test_folding_twice_changes_nothing(self, raw: str) -> None:
        once = normalise_name(raw)
        assert normalise_name(once) == once

    @given(st.lists(HAN, min_size=2, max_size=4), st.sampled_from(["", " ", "\u3000", "\u200b", "\n", "\u00a0"]))
    def test_blanks_between_chinese_characters_say_nothing(self, parts: list[str], blank: str) -> None:
        assert normalise_name(blank.join(parts)) == normalise_name("".join(parts))
