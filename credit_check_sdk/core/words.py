"""Say in words what was weighed: Chinese first, English beside it. Pure; identifiers appear masked only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.core.cited import basis_words, period_words, record_words, remedy_words, repair_words
from credit_check_sdk.core.comparing import comparison
from credit_check_sdk.model import Words

if TYPE_CHECKING:
    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.core.weigh import Concern, Finding, Verdict
    from credit_check_sdk.model import Outcome, Party, Silence

_OUTCOMES: dict[Outcome, Words] = {
    "restricted": Words(
        zh="受限：存在依法应当限制的情形，待经办人确认。",
        en="Restricted: a measure required by law applies; an officer settles it.",
    ),
    "undecided": Words(
        zh="未决：必查来源没有作出答复，不能视为未发现问题。",
        en="Undecided: a required source did not answer; this is not the same as having found nothing.",
    ),
    "review": Words(zh="待核：有需要经办人核实的情形。", en="Review: an officer has to look at what is named below."),
    "clear": Words(
        zh="通过：全部必查来源均已答复，未发现应当限制的记录。",
        en="Clear: every required source answered and nothing restricts.",
    ),
}

_ROLES = {
    "subject": Words(zh="申请人", en="the applicant"),
    "legal_representative": Words(zh="法定代表人", en="the legal representative"),
    "principal": Words(zh="主要负责人", en="the principal"),
    "executive": Words(zh="董事、监事、高级管理人员", en="an executive"),
    "shareholder": Words(zh="股东", en="a shareholder"),
    "controller": Words(zh="实际控制人", en="the controller"),
    "directly_responsible": Words(zh="直接责任人员", en="a directly responsible person"),
    "finance_head": Words(zh="财务负责人", en="the head of finance"),
    "safety_head": Words(zh="分管安全负责人", en="the head of safety"),
    "project_manager": Words(zh="项目负责人", en="the project manager"),
    "consortium_member": Words(zh="联合体成员", en="a consortium member"),
    "tender_agency": Words(zh="招标代理机构", en="the tender agency"),
    "bid_expert": Words(zh="评标专家", en="a bid expert"),
    "agent": Words(zh="委托代理人", en="the agent"),
    "owner": Words(zh="经营者", en="the owner"),
    "parent": Words(zh="总公司", en="the parent"),
    "branch": Words(zh="分支机构", en="a branch"),
}

_STRENGTH = {
    "block": Words(zh="应当限制", en="restricts"),
    "hint": Words(zh="提示核实", en="is to be looked at"),
    "info": Words(zh="供参考", en="is for information"),
    "offer": Words(zh="可以享受", en="is offered"),
}


_NOTHING = Words(zh="", en="")
_WEAKENED = Words(
    zh="（证据未达到限制所需，仅提示核实）",
    en=" (the evidence does not carry a restriction; to be looked at only)",
)
_SCOPES = {
    "case": _NOTHING,
    "facilitation": Words(
        zh="；仅影响便利措施，不影响事项本身", en="; it touches facilitation only, not the case itself"
    ),
    "party": Words(
        zh="；仅影响该人员或机构的角色，应予更换", en="; it touches that party's role only, who has to be replaced"
    ),
}
_POINTS = {
    "accept": Words(zh="受理", en="acceptance"),
    "review": Words(zh="审查", en="review"),
    "decide": Words(zh="决定", en="decision"),
    "close": Words(zh="办结", en="closing"),
    "qualify": Words(zh="资格审查", en="qualification"),
    "evaluate": Words(zh="评审", en="evaluation"),
    "award": Words(zh="定标", en="award"),
    "apply": Words(zh="申报", en="application"),
    "disburse": Words(zh="拨付", en="disbursement"),
    "track": Words(zh="跟踪", en="tracking"),
    "inspect": Words(zh="检查", en="inspection"),
    "honour": Words(zh="评先评优", en="honours"),
}

_EFFECTS = {
    "case": Words(
        zh="本措施涉及办件本身：确认执行的，在措施有效期内本办件不予通过。",
        en="It touches the file itself: once confirmed, the file is not granted while the measure lasts.",
    ),
    "facilitation": Words(
        zh="本措施仅影响便利措施，不影响事项本身。",
        en="It touches facilitation only, not the file itself.",
    ),
    "party": Words(
        zh="本措施仅影响该人员或机构的角色，应予更换。",
        en="It touches that party's role only, who has to be replaced.",
    ),
}

_FORCES = {
    "mandatory": Words(zh="强制性措施", en="mandatory"),
    "recommended": Words(zh="推荐性措施", en="recommended"),
}


def point_words(point: str) -> Words:
    """Name a decision point."""
    return _POINTS[point]


def effect_words(scope: str) -> Words:
    """Say what a restriction of this scope touches."""
    return _EFFECTS[scope]


def force_words(force: str) -> Words:
    """Say whether a measure may be set aside."""
    return _FORCES[force]


def outcome_words(outcome: Outcome) -> Words:
    """Say what an outcome means."""
    return _OUTCOMES[outcome]


def role_words(role: str) -> Words:
    """Name a role."""
    return _ROLES[role]


def _who(party: Party) -> Words:
    masked = party.subject.masked
    shown = f"（{masked}）" if masked else ""
    english = f" ({masked})" if masked else ""
    role = _ROLES[party.role]
    return Words(zh=f"{role.zh}“{party.subject.name}”{shown}", en=f"{role.en} “{party.subject.name}”{english}")


def finding_words(finding: Finding, catalogue: Catalogue) -> Words:
    """Say why a measure applies, to whom, on what basis and until when."""
    measure, who, basis = finding.measure, _who(finding.party), basis_words(finding.basis)
    if measure.kind == "incentive":
        why_zh, why_en = _merits(finding, catalogue)
        ends = period_words(measure, finding.until) if finding.until else measure.period.words
        return Words(
            zh=f"{who.zh}可以享受“{measure.name.zh}”：{why_zh}；依据{basis.zh}；期限：{ends.zh}。实质性条件不因此减免。",
            en=f"{who.en} may have “{measure.name.en}”: {why_en}; basis {basis.en}; period: {ends.en}. Substantive "
            "conditions stay as they are.",
        )
    grounds = [record_words(support.seen, catalogue) for support in finding.supports]
    ends, remedies = period_words(measure, finding.until), remedy_words(measure, catalogue)
    verb, scope = _STRENGTH[finding.strength], _SCOPES[measure.effect_scope]
    note = _WEAKENED if finding.strength != measure.strength else _NOTHING
    repair = repair_words([support.seen for support in finding.supports], catalogue) or _NOTHING
    beside = _beside(finding)
    return Words(
        zh=f"{who.zh}有{'、'.join(g.zh for g in grounds)}；“{measure.name.zh}”{verb.zh}{note.zh}{beside.zh}；"
        f"依据{basis.zh}；期限：{ends.zh}{scope.zh}。{remedies.zh}。{repair.zh + '。' if repair.zh else ''}",
        en=f"{who.en} has {', '.join(g.en for g in grounds)}; “{measure.name.en}” {verb.en}{note.en}{beside.en}; "
        f"basis {basis.en}; period: {ends.en}{scope.en}. {remedies.en}.{' ' + repair.en + '.' if repair.en else ''}",
    )


def _beside(finding: Finding) -> Words:
    """Name the measures to the same end that this one stands for."""
    if not finding.beside:
        return _NOTHING
    return Words(
        zh=f"（同时符合{'、'.join(f'“{measure.name.zh}”' for measure in finding.beside)}，以较严者为准，不重复限制）",
        en=f" (it stands for {', '.join(f'“{measure.name.en}”' for measure in finding.beside)} too: nobody is "
        "restricted twice to one end)",
    )


def _merits(finding: Finding, catalogue: Catalogue) -> tuple[str, str]:
    if finding.supports:
        records = [record_words(support.seen, catalogue) for support in finding.supports]
        return "有" + "、".join(r.zh for r in records), "has " + ", ".join(r.en for r in records)
    if finding.years_clean:
        years = finding.years_clean
        return (
            f"受理日前连续 {years} 年无不良信用记录",
            f"no adverse record in the {years} years before the acceptance day",
        )
    return "符合适用条件且未被排除", "meets the conditions and is not excluded"


_CONCERNS: dict[str, tuple[str, str]] = {
    "record.suspended": (
        "{who}的{records}处于核实、复议或暂时解除期间，相应措施暂不执行",
        "{who}: {records}; measures on it are suspended for the time being",
    ),
    "record.levels_disagree": (
        "{who}的同一事实在不同平台状态不一致：{records}；须核实后再作决定",
        "{who}: platforms disagree on one fact: {records}; look at it before deciding",
    ),
    "record.overruled": (
        "{who}的{records}与作出机关所在平台的状态不一致，以作出机关为准",
        "{who}: {records} differs from what the platform of the authority that made it says; that one prevails",
    ),
    "match.name_only": (
        "{who}仅名称与{records}一致，没有标识符佐证，不得据此限制；{compared}；请核对统一社会信用代码或证件号码",
        "{who}: only the name agrees with {records}; nobody is restricted by name; {compared}; compare the identifier",
    ),
    "match.renamed": (
        "{who}与{records}号码一致，记录所载名称为“{names}”；以号码为准，请核对是否更名",
        "{who} and {records} agree by number, and the record names “{names}”; the number decides; see whether it was renamed",
    ),
    "match.foreign": (
        "来源返回了不属于{who}的{records}，未采用；请联系平台",
        "a source returned {records} that does not belong to {who}; it was not used; ask the platform",
    ),
    "subject.no_identifier": (
        "{who}没有标识符，无法按标识符查询；请补充统一社会信用代码或证件号码",
        "{who} has no identifier, so nothing can be matched; supply one",
    ),
    "subject.unknown": (
        "各来源均未收录{who}；请核对标识符",
        "no source knows {who}; check the identifier",
    ),
    "evidence.stale": (
        "部分来源本次未答复，采用了有效期内的历史查询结果",
        "a source did not answer now; a remembered answer within its limit was used",
    ),
    "evidence.offline": (
        "来源 {source} 取自本机名单（数据时间 {as_of}），未经实时确认",
        "source {source} answered from lists kept on this machine (as of {as_of}), not confirmed live",
    ),
    "evidence.manual": (
        "来源 {source} 未答复，采用经办人 {officer} 于 {queried_at} 在“{site}”人工查询的证据（{file}）",
        "source {source} did not answer; a query made by hand stands for it: {officer}, {queried_at}, “{site}” ({file})",
    ),
    "evidence.report": (
        "来源 {source} 未答复，按事项规则采用 {issuer} 出具的信用报告，须经办人审阅后决定",
        "source {source} did not answer; a credit report by {issuer} stands for it, for the officer to read and decide",
    ),
    "evidence.fallback": (
        "来源 {instead_of} 未答复，按事项规则由来源 {source} 代替",
        "source {instead_of} did not answer; by the matter's policy source {source} stands in for it",
    ),
    "identifier.check_digit": (
        "{who}的标识符校验位不符，请核对（不影响受理）",
        "the check digit of {who} does not fit; compare it (this refuses nothing)",
    ),
    "identifier.inner_check_digit": (
        "{who}的组织机构代码校验位不符（不影响受理）",
        "the inner check digit of {who} does not fit (this refuses nothing)",
    ),
    "identifier.birth_date": (
        "{who}的证件号码所含出生日期不存在，请核对",
        "the birth date in the identifier of {who} does not exist; compare it",
    ),
    "identifier.length": (
        "{who}的标识符位数不符，请核对",
        "the identifier of {who} has a wrong length; compare it",
    ),
    "identifier.alphabet": (
        "{who}的标识符含有该类标识不使用的字符，请核对",
        "the identifier of {who} has characters that its scheme does not use; compare it",
    ),
    "identifier.placeholder": (
        "{who}的标识符是占位符，请补充真实号码",
        "the identifier of {who} is a placeholder; supply the real one",
    ),
    "identifier.legacy": (
        "{who}的标识符为旧版号码，请尽量提供现行号码",
        "the identifier of {who} is of an older form; give the present one if possible",
    ),
    "identifier.authority": (
        "{who}的登记管理部门代码未知，请核对",
        "the registering authority in the code of {who} is not known; compare it",
    ),
    "identifier.region": (
        "{who}的标识符所含行政区划未知（不影响受理）",
        "the region in the identifier of {who} is not known (this refuses nothing)",
    ),
    "identifier.normalised": (
        "{who}的标识符已规范化（全半角、空格、连字符、大小写或形近字符）",
        "the identifier of {who} was normalised (width, blanks, hyphens, case or look-alikes)",
    ),
}


def concern_words(concern: Concern, catalogue: Catalogue) -> Words:
    """Say what a concern is about."""
    zh, en = _CONCERNS.get(concern.code, (f"{{who}}：{concern.code}", f"{{who}}: {concern.code}"))
    who = _who(concern.party) if concern.party else Words(zh="", en="")
    records = [record_words(seen, catalogue) for seen in concern.seen]
    compared = _compared(concern)
    names = "、".join(dict.fromkeys(seen.record.subject.name for seen in concern.seen))
    zh = zh.format(
        who=who.zh, records="、".join(r.zh for r in records), compared=compared.zh, names=names, **concern.detail
    )
    en = en.format(
        who=who.en, records=", ".join(r.en for r in records), compared=compared.en, names=names, **concern.detail
    )
    return Words(zh=zh + "。", en=en + ".")


def _compared(concern: Concern) -> Words:
    """Say what is to be compared where only a name agrees."""
    if concern.party is None:
        return _NOTHING
    said = [comparison(concern.party.subject, seen.record.subject) for seen in concern.seen]
    return Words(zh="；".join(words.zh for words in said), en="; ".join(words.en for words in said))


def silence_words(silence: Silence) -> Words:
    """Say which source stayed silent, and why."""
    need = Words(zh="必查", en="required") if silence.required else Words(zh="参考", en="advisory")
    return Words(
        zh=f"{need.zh}来源 {silence.source} 未答复：{silence.detail.zh}",
        en=f"the {need.en} source {silence.source} did not answer: {silence.detail.en}",
    )


def verdict_words(verdict: Verdict, catalogue: Catalogue) -> tuple[Words, ...]:
    """Say the whole: the outcome, then silences, findings and concerns, the heaviest first."""
    order = {"block": 0, "hint": 1, "offer": 2, "info": 3}
    findings = sorted(verdict.findings, key=lambda finding: order[finding.strength])
    return (
        outcome_words(verdict.outcome),
        *(silence_words(silence) for silence in verdict.silences),
        *(finding_words(finding, catalogue) for finding in findings),
        *(concern_words(concern, catalogue) for concern in verdict.concerns),
    )
