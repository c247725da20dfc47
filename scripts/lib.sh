# Shared by the scripts beside it: finds or installs the programs that Waybill needs.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv="$root/.waybill/venv"

die() { echo "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# at_least WANTED COMMAND…: whether the first version that the command prints is WANTED (major.minor) or newer.
at_least() {
  local wanted=$1 found
  shift
  found=$("$@" 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
  [ -n "$found" ] && [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}

have_nats() {
  local server
  for server in "${NATS_SERVER_BIN:-}" "$(command -v nats-server)" "$venv/bin/nats-server"; do
    [ -n "$server" ] && at_least 2.14 "$server" --version && return
  done
  return 1
}

have_redis() { at_least 7.0 "${REDIS_SERVER_BIN:-redis-server}" --version || at_least 7.0 valkey-server --version; }

have_postgres() {
  local folder
  for folder in "${POSTGRES_BIN_DIR:-}" "$(dirname "$(readlink -f "$(command -v postgres || echo /none/postgres)")")" \
    /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    [ -x "$folder/initdb" ] && at_least 15.0 "$folder/postgres" --version && return
  done
  return 1
}

# install_missing PACKAGE…: what the servers and the build lack, and the packages named, from the system's own source.
install_missing() {
  have cargo || die "Rust is missing: see https://rustup.rs, then run this again."
  local missing=("$@") brew=()
  have cc || missing+=(build-essential)
  have_redis || { missing+=(redis-server); brew+=(redis); }
  have_postgres || { missing+=(postgresql); brew+=(postgresql@17); }
  if [ "$(uname)" = Darwin ]; then
    have_nats || brew+=(nats-server)
    have cc || die "A C compiler is missing: run \`xcode-select --install\`, then run this again."
    [ ${#brew[@]} -eq 0 ] || die "Missing: run \`brew install ${brew[*]}\`, then run this again."
    return
  fi
  have_nats || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
  have_nats || install_nats
}

apt_install() {
  have apt-get || die "Missing: $*. Install these (or their like on this system), then run this again."
  local as_root=()
  [ "$(id -u)" -eq 0 ] || { have sudo || die "Missing: $*. Install them as root: apt-get install $*"; as_root=(sudo); }
  echo "Installing from the system's packages: $*"
  "${as_root[@]}" apt-get update -qq || die "apt-get update failed; missing: $*"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null \
    || die "These could not be installed: $*"
  have_postgres && have_redis || die "The system's packages are too old: Postgres 15 and Redis 7 or newer are needed. See README.md."
}

install_nats() {
  echo "Installing nats-server 2.15.1 into $venv"
  rm -rf "$venv"
  python3 -m venv "$venv" || die "python3 cannot make a virtual environment: install python3-venv."
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$root/scripts/requirements.txt" \
    || die "nats-server could not be installed: install 2.14 or newer by hand, or set NATS_SERVER_BIN."
}

# What tries the API's contract out, and clients that are made of it. Without Python 3.11, or Node 20, those tests say that they are skipped.
install_contract_tools() {
  local folder="$root/.waybill/contract" wanted="$root/scripts/requirements-contract.txt"
  [ -n "${CONTRACT_TOOLS:-}" ] || ! at_least 3.11 python3 --version || cmp -s "$wanted" "$folder/installed" || {
    echo "Installing schemathesis and openapi-python-client into $folder"
    rm -rf "$folder"
    python3 -m venv "$folder" || die "python3 cannot make a virtual environment: install python3-venv."
    "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$wanted" \
      || die "These could not be installed: install what scripts/requirements-contract.txt names, and set CONTRACT_TOOLS to the folder of its programs."
    cp "$wanted" "$folder/installed"
  }
  folder="$root/.waybill/typescript" wanted="$root/services/rest-api/tests/clients/typescript"
  [ -n "${TYPESCRIPT_TOOLS:-}" ] || ! at_least 20.0 node --version || ! have npm || cmp -s "$wanted/package-lock.json" "$folder/installed" || {
    echo "Installing typescript and openapi-typescript into $folder"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$wanted/package.json" "$wanted/package-lock.json" "$folder"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null \
      || die "These could not be installed: install what $wanted/package.json names, and set TYPESCRIPT_TOOLS to its node_modules."
    cp "$wanted/package-lock.json" "$folder/installed"
  }
}

# Names the clone's own nats-server, so that it is found from whatever folder the programs run in.
use_own_nats() { [ -n "${NATS_SERVER_BIN:-}" ] || [ ! -x "$venv/bin/nats-server" ] || export NATS_SERVER_BIN="$venv/bin/nats-server"; }
