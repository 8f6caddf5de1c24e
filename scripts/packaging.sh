#!/usr/bin/env bash
# Install the wheels of a folder without any registry, in clean environments outside the source tree, and let them run there.
# usage: packaging.sh FOLDER_OF_WHEELS   (PYTHON names the interpreter that makes the environments)
set -euo pipefail
wheels=$(cd "$1" && pwd)
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/../tests/packaging" && pwd)
python=${PYTHON:-python3}

away=$(mktemp -d)
trap 'rm -rf "$away"' EXIT
cp -r "$tests" "$away/tests"
unset PYTHONPATH PIP_CONSTRAINT PIP_BUILD_CONSTRAINT PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL
export PIP_NO_INDEX=1 PIP_CONFIG_FILE=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1

adapters=()
for wheel in "$wheels"/credit_check_adapter_*.whl; do
  name=${wheel##*/}
  adapters+=("${name%%-*}")
done

echo "a host: the SDK alone"
"$python" -m venv "$away/host"
"$away/host/bin/python" -m pip install --quiet --no-index --find-links "$wheels" credit-check-sdk pytest
(cd "$away" && CREDIT_CHECK_PACKAGING=host host/bin/python -m pytest -q -W error -p no:cacheprovider tests)

echo "the whole: command line, sandbox and adapters"
"$python" -m venv "$away/whole"
"$away/whole/bin/python" -m pip install --quiet --no-index --find-links "$wheels" \
  'credit-check-sdk[cli,sandbox,bulk]' "${adapters[@]}" pytest
(cd "$away" && CREDIT_CHECK_PACKAGING=whole whole/bin/python -m pytest -q -W error -p no:cacheprovider tests)
mkdir "$away/demo"
(cd "$away/demo" && ../whole/bin/credit-check demo)
