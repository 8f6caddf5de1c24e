"""Read BPMN files of other modellers: Camunda's service tasks, expressions and collections become SpiffWorkflow's.

It runs nothing of what it reads. XML comes from anywhere: no entity is resolved and nothing is fetched.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import full_tag
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import ServiceTaskParser
from typing_extensions import override

from credit_check_adapter_bpmn.service import OF_THE_TASK, CreditServiceTask

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
_CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
_NAMES = {"bpmn": _BPMN, "spiff": _SPIFF, "camunda": _CAMUNDA}
_EXPRESSION = re.compile(r"\s*[$#]\{(.*)\}\s*", re.DOTALL)
_TOKEN = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(&&|\|\||!(?!=))|\b([A-Za-z_]\w*)\b""")
_WORDS = {
    "true": "True", "false": "False", "null": "None", "eq": "==", "ne": "!=", "gt": ">", "lt": "<", "ge": ">=",
    "le": "<=", "empty": "not",
}  # fmt: skip
_SIGNS = {"&&": " and ", "||": " or ", "!": " not "}


class CreditBpmnParser(SpiffBpmnParser):
    """A parser whose service tasks can wait, and that reads Camunda's files too."""

    OVERRIDE_PARSER_CLASSES: ClassVar[dict[str, Any]] = {
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("serviceTask"): (ServiceTaskParser, CreditServiceTask),
    }

    @override
    def add_bpmn_files(self, filenames: Any) -> None:
        """Add files; their encoding is the one that they declare."""
        for filename in filenames:
            self.add_bpmn_xml(etree.parse(str(filename), _safe()), str(filename))

    @override
    def add_bpmn_io(self, file_like_object: Any, filename: str | None = None) -> None:
        """Add a file that is open."""
        self.add_bpmn_xml(etree.parse(file_like_object, _safe()), filename)

    @override
    def add_bpmn_str(self, bpmn_str: bytes, filename: str | None = None) -> None:
        """Add a document."""
        self.add_bpmn_xml(etree.fromstring(bpmn_str, _safe()), filename)

    @override
    def add_bpmn_xml(self, bpmn: Any, filename: str | None = None) -> None:
        """Add a document, in SpiffWorkflow's words."""
        for task in _found(bpmn, ".//bpmn:serviceTask"):
            _name_operation(task)
        for condition in _found(bpmn, ".//bpmn:conditionExpression"):
            condition.text = python_expression(condition.text or "")
        for loop in _found(bpmn, ".//bpmn:multiInstanceLoopCharacteristics"):
            _name_collection(loop)
        for cycle in _found(bpmn, ".//bpmn:startEvent/bpmn:timerEventDefinition/bpmn:timeCycle"):
            _leave_to_the_scheduler(cycle)
        super().add_bpmn_xml(bpmn, filename)


def python_expression(text: str) -> str:
    """Give an expression ``${…}`` in the words of Python; anything else stays as it is."""
    found = _EXPRESSION.fullmatch(text)
    if found is None:
        return text

    def word(token: re.Match[str]) -> str:
        quoted, sign, name = token.groups()
        if quoted is not None:
            return str(quoted)
        return _SIGNS[sign] if sign is not None else _WORDS.get(name, name)

    return _TOKEN.sub(word, found[1]).strip()


def _safe() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _found(node: Any, path: str) -> list[Any]:
    return list(node.xpath(path, namespaces=_NAMES))


def _camunda(node: Any, name: str) -> str:
    said = node.get(f"{{{_CAMUNDA}}}{name}") or ""
    found = _EXPRESSION.fullmatch(said)
    return (found[1] if found else said).strip()


def _name_operation(task: Any) -> None:
    """Give a service task the operation that Camunda's attributes name, or its own id."""
    if _found(task, "./bpmn:extensionElements/spiff:serviceTaskOperator"):
        return
    name = next(filter(None, (_camunda(task, key) for key in ("topic", "delegateExpression", "class"))), task.get("id"))
    extensions = _found(task, "./bpmn:extensionElements")
    if extensions:
        place = extensions[0]
    else:
        place = etree.Element(f"{{{_BPMN}}}extensionElements")
        task.insert(0, place)
    operator = etree.SubElement(place, f"{{{_SPIFF}}}serviceTaskOperator", nsmap={"spiffworkflow": _SPIFF})
    # SpiffWorkflow finds the nodes of a process by their ids, this one too: it may be called like no task.
    operator.set("id", f"{OF_THE_TASK}{name}")
    etree.SubElement(operator, f"{{{_SPIFF}}}parameters")


def _name_collection(loop: Any) -> None:
    """Name the collection that a task is done for, and what each of its members is called."""
    collection, item = _camunda(loop, "collection"), _camunda(loop, "elementVariable")
    if not collection or _found(loop, "./bpmn:loopDataInputRef | ./bpmn:loopCardinality"):
        return
    etree.SubElement(loop, f"{{{_BPMN}}}loopDataInputRef").text = collection
    if item:
        member = etree.SubElement(loop, f"{{{_BPMN}}}inputDataItem")
        member.set("id", item)
        member.set("name", item)


def _leave_to_the_scheduler(cycle: Any) -> None:
    """Take a cron expression off a start event: whoever starts a process has its schedule; SpiffWorkflow reads ISO 8601."""
    if not (cycle.text or "").strip().strip("\"'").startswith("R"):
        timer = cycle.getparent()
        timer.getparent().remove(timer)
