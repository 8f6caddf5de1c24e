"""The source that speaks the reference protocol. It performs no I/O: it describes requests and reads answers.

An answer is used whole or not at all. What cannot be understood is an error with a code, which the core turns into a
`Silence`; a subject that the platform left out is left out here too, and is silence as well.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.flow import NewId
from credit_check_sdk.model import Consultation
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.attribution import Asked
from credit_check_sdk.platform.exchange import not_understood, post, understood
from credit_check_sdk.platform.options import options_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from credit_check_sdk.model import Environment, Query, Subject
    from credit_check_sdk.platform.exchange import Answered
    from credit_check_sdk.spi import Signer, SourceSettings


class PlatformSource:
    """Ask a platform that speaks the reference protocol (kind ``platform``).

    Raises:
        ConfigurationError: ``base_url`` or an option cannot be used.
    """

    def __init__(self, settings: SourceSettings, signer: Signer, environment: Environment) -> None:
        self.id = settings.id
        self.level = settings.level
        self._settings = settings
        self._options = options_of(settings)
        self._signer = signer
        self._environment: Environment = environment

    async def consult(self, query: Query) -> Consultation:
        """Ask about all subjects of the query: one request for every 500 of them, and one more for every further page.

        Raises:
            NotSentError: the platform cannot be reached.
            NoAnswerError: no whole answer came back.
            NotUnderstoodError: the answer is refused as a whole; its code tells why.
        """
        request_id = await NewId("req")
        asked = Asked(self.id, self.level, query.subjects)
        times: list[datetime] = []
        digests: list[str] = []
        fetched_at: datetime | None = None
        for start in range(0, len(asked.subjects), wire.MAX_SUBJECTS):
            subjects = asked.subjects[start : start + wire.MAX_SUBJECTS]
            cursor: str | None = None
            while True:
                request = self._request(request_id, query, subjects, cursor)
                answered = await post(self._settings, self._signer, wire.CHECKS, wire.dump(request))
                reply = self._checked(understood(wire.ChecksReply, answered, self.id), request_id, answered)
                asked.take(reply)
                times.append(reply.as_of)
                digests.append(hashlib.sha256(answered.reply.body).hexdigest())
                fetched_at = answered.at
                cursor = reply.next_cursor
                if cursor is None:
                    break
                if not reply.results:
                    # A page that answers nothing and leads on could lead on for ever.
                    raise not_understood(self.id, "a page without results leads to another", "空页仍指向下一页")
        answers = asked.answers()
        if fetched_at is None or not answers:
            raise NotUnderstoodError(
                f"source {self.id!r} answered about none of the subjects asked",
                f"来源 {self.id!r} 未就任何被查询主体作出应答",
                code="source.incomplete",
                remedy_en="check again; ask the platform's operator why it leaves them out",
                remedy_zh="请重新核查，并询问平台运维方为何遗漏",
                source=self.id,
            )
        return Consultation(
            source=self.id,
            as_of=min(times),
            fetched_at=fetched_at,
            request_id=request_id,
            digest=_digest(digests),
            environment=self._environment,
            answers=answers,
        )

    def _request(
        self, request_id: str, query: Query, subjects: Sequence[Subject], cursor: str | None
    ) -> wire.ChecksRequest:
        return wire.ChecksRequest(
            request_id=request_id,
            case_id=query.case_id,
            matter=query.matter,
            point=query.point,
            purpose=query.purpose,
            department=query.operator.department,
            region=query.region,
            subjects=tuple(subjects),
            page_size=self._options.page_size,
            cursor=cursor,
        )

    def _checked(self, reply: wire.ChecksReply, request_id: str, answered: Answered) -> wire.ChecksReply:
        """Refuse an answer to another request, from another environment or of another time."""
        if reply.request_id != request_id:
            raise NotUnderstoodError(
                f"source {self.id!r} answered another request",
                f"来源 {self.id!r} 的应答对应另一请求",
                code="source.wrong_subject",
                remedy_en="nothing of it is used; report it to the platform's operator at once",
                remedy_zh="未采用其任何内容；请立即告知平台运维方",
                source=self.id,
            )
        if reply.environment != self._environment:
            raise NotUnderstoodError(
                f"source {self.id!r} is a {reply.environment} platform and this client is set to {self._environment}",
                f"来源 {self.id!r} 的环境为 {reply.environment}，而本端配置为 {self._environment}",
                code="source.environment",
                remedy_en="correct base_url or environment",
                remedy_zh="请更正 base_url 或 environment",
                source=self.id,
            )
        age = answered.at - reply.as_of
        if age > self._options.max_age or -age > self._options.clock_tolerance:
            ahead = -age > self._options.clock_tolerance
            raise NotUnderstoodError(
                f"the data of source {self.id!r} are dated {'ahead of our clock' if ahead else 'too far back'}",
                f"来源 {self.id!r} 的数据时间{'超前于本机时钟' if ahead else '过旧'}",
                code="source.stale",
                remedy_en="check both clocks, and ask the platform's operator when its data were last updated",
                remedy_zh="请核对双方时钟，并询问平台运维方数据最近更新时间",
                source=self.id,
                detail={"as_of": reply.as_of.isoformat()},
            )
        return reply


def _digest(digests: Sequence[str]) -> str:
    """Give the digest of a single answer, or of the list of digests of several pages, a line each."""
    if len(digests) == 1:
        return f"sha256:{digests[0]}"
    pages = "\n".join(digests).encode()
    return f"sha256:{hashlib.sha256(pages).hexdigest()}"
