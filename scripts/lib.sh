# shellcheck shell=bash
# Sourced by every command of this folder: strict mode, the pinned Deno, where things are kept.
set -euo pipefail

# The compiler and the runtime stub it writes programs behind must be of one version, so nothing
# else will do. Change it together with the pins in scripts/stub_runtime.ts and the Dockerfile.
readonly DENO_VERSION=2.7.11

REPO=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly REPO
# What is downloaded once per machine; dependencies are kept by Deno itself, in its own cache.
export REINFER_EWS_CACHE=${REINFER_EWS_CACHE:-${XDG_CACHE_HOME:-${HOME:-$REPO/build}/.cache}/reinfer-ews}
readonly DENO_HOME=$REINFER_EWS_CACHE/deno-$DENO_VERSION

# Corporate networks sign TLS anew with a root that only the operating system knows.
export DENO_TLS_CA_STORE=${DENO_TLS_CA_STORE:-system,mozilla}
export DENO_NO_UPDATE_CHECK=1
[[ -t 1 ]] || export NO_COLOR=1

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "scripts/${0##*/}: $*"
  exit 1
}

# True if `deno` on PATH, or the executable given, is the pinned version.
is_pinned_deno() {
  local first_line
  read -r first_line < <("${1:-deno}" --version 2>/dev/null) || return 1
  [[ $first_line == "deno $DENO_VERSION "* ]]
}

# Installs what is missing, then makes `deno` mean the pinned one, here and in every child.
prepare() {
  "$REPO/scripts/setup"
  is_pinned_deno || export PATH="$DENO_HOME:$PATH"
  cd -- "$REPO"
}
