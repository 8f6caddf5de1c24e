"""The engine: one task for each part, on whichever worker is free; reports come in the order of the parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distributed import Client

from credit_check_sdk.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from credit_check_sdk.model.screening import ScreenPart, ScreenReport


class DaskEngine:
    """A cluster that runs already; *address* is its scheduler's."""

    def __init__(self, address: str, timeout: float = 30.0) -> None:
        self._address, self._timeout = address, timeout

    @classmethod
    def of(cls, options: Mapping[str, str]) -> DaskEngine:
        """Make it of options.

        Raises:
            ConfigurationError: the address is missing, or there are others than ``address``.
        """
        unknown = ", ".join(sorted(set(options) - {"address"}))
        if unknown or not options.get("address"):
            raise ConfigurationError(
                f"engine dask: {f'unknown options {unknown}' if unknown else 'address is missing'}",
                f"引擎 dask：{f'未知选项 {unknown}' if unknown else '缺少 address'}",
                remedy_en="give --engine-option address=tcp://SCHEDULER:8786",
                remedy_zh="请给出 --engine-option address=tcp://调度器:8786",
            )
        return cls(options["address"])

    def run(self, parts: Sequence[ScreenPart], work: Callable[[ScreenPart], ScreenReport]) -> Iterator[ScreenReport]:
        """Work on each part on the cluster; see `credit_check_sdk.spi.Engine.run`.

        Raises:
            InputError: the cluster cannot be reached.
        """
        try:
            client = Client(self._address, timeout=self._timeout, set_as_default=False)  # type: ignore[no-untyped-call]  # its makers left it so
        except OSError as error:
            raise InputError(
                f"the Dask scheduler {self._address} cannot be reached ({type(error).__name__})",
                f"无法连接 Dask 调度器 {self._address}（{type(error).__name__}）",
                remedy_en="start it, or correct the address; what is done already is kept",
                remedy_zh="请启动集群或更正地址；已完成的部分已保留",
            ) from None
        with client:
            # A part is never taken for another one's result: parts may be worked on again after their files are gone.
            waiting = [client.submit(work, part, pure=False, retries=1) for part in parts]
            try:
                for future in waiting:
                    report: ScreenReport = future.result()
                    yield report
            finally:
                client.cancel(waiting)  # type: ignore[no-untyped-call]  # the same
