# Shared by the scripts in bin/: steps with their times, what to install, and a private PostgreSQL and Redis.
# Source it; it changes nothing by itself. Everything it makes lies in var/ of the checkout, or, where the checkout is
# in a folder that an unprivileged user cannot reach, in /var/tmp/cityops-<hash>.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VAR=$ROOT/var
VENV=$VAR/venv
LOGS=$VAR/log
STAMPS=$VAR/stamps
SERVICE_USER=cityops
RUN_PACKAGES=(redis-server)
REPORT_PACKAGES=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-wqy-microhei)
TEST_PACKAGES=(chromium fonts-noto-cjk gdal-bin)
export PATH="$VENV/bin:$PATH" PYTHONPATH="$ROOT/platform:$ROOT"
# Compiled once for all the processes that are started: compiling anew takes longer than all else at a start.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=$VAR/pycache
mkdir -p "$LOGS" "$STAMPS"

# --- saying what happens

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s", b - a }'; }
say() { printf '%s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# step TITLE COMMAND...: run it, its output kept in var/log, and say how long it took; on failure show the output's end.
step() {
  local title=$1 begun log code=0
  shift
  begun=$(now)
  log=$(mktemp "$LOGS/step.XXXXXX")
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ "$code" -ne 0 ]; then
    tail -n "${STEP_TAIL:-40}" "$log" >&2
    rm -f "$log"
    say "✗ $title: failed with $code after $(since "$begun")"
    return "$code"
  fi
  rm -f "$log"
  printf '✓ %-58s %9s\n' "$title" "$(since "$begun")" >&2
}

# is_done NAME FILE...: whether NAME was done with these very contents; done NAME FILE... notes that it was.
fingerprint() { (cd "$ROOT" && cat -- "$@" 2>/dev/null | sha256sum | cut -c1-16); }
is_done() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$(fingerprint "${@:2}")" ]; }
done_with() { fingerprint "${@:2}" >"$STAMPS/$1"; }

# --- packages of the distribution

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -- "$@"; fi
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# The folder of the newest PostgreSQL (15 or later) that has PostGIS; fails where there is none.
pg_bin() {
  local folder version
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin | sort -rV); do
    [ -x "$folder/initdb" ] || continue
    version=$("$folder/pg_config" --version 2>/dev/null | grep -oE '[0-9]+' | head -n 1)
    [ "${version:-0}" -ge 15 ] || version=$(basename "$(dirname "$folder")" | grep -oE '[0-9]+' | head -n 1)
    [ "${version:-0}" -ge 15 ] || continue
    [ -e "/usr/share/postgresql/$version/extension/postgis.control" ] || [ -e "$("$folder/pg_config" --sharedir 2>/dev/null)/extension/postgis.control" ] || continue
    printf '%s\n' "$folder"
    return
  done
  return 1
}

# Names of the apt packages that are missing, for "run" or "dev".
missing_packages() {
  local package version
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  if [ -z "${DATABASE_URL:-}" ] && ! pg_bin >/dev/null; then
    if apt-cache show postgresql-15-postgis-3 >/dev/null 2>&1; then
      version=15
    else
      version=$(apt-cache pkgnames postgresql- 2>/dev/null | grep -oE '^postgresql-[0-9]+-postgis-3$' | grep -oE '[0-9]+' | sort -rn | awk '$1 > 9' | head -n 1)
    fi
    printf '%s\n' "postgresql-${version:-15}" "postgresql-${version:-15}-postgis-3"
  fi
  if { [ -z "${REDIS_URL:-}" ] || [ "$1" = dev ]; } && ! command -v redis-server >/dev/null; then
    printf '%s\n' "${RUN_PACKAGES[@]}"
  fi
  for package in "${REPORT_PACKAGES[@]}"; do
    command -v dpkg-query >/dev/null || break
    is_installed "$package" || printf '%s\n' "$package"
  done
  if [ "$1" = dev ]; then
    command -v git >/dev/null || echo git
    for package in "${TEST_PACKAGES[@]}"; do
      if [ "$package" = chromium ] && command -v chromium >/dev/null; then continue; fi
      is_installed "$package" || printf '%s\n' "$package"
    done
  fi
}

# Install without starting anything and without making Debian's default cluster: a server that already runs on this
# machine keeps its port, its data and its start-up.
install_packages() {
  local policy=/usr/sbin/policy-rc.d drop=/etc/postgresql-common/createcluster.d/zz-cityops.conf made=
  export DEBIAN_FRONTEND=noninteractive
  if [ ! -e "$policy" ]; then
    made=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  as_root mkdir -p "$(dirname "$drop")"
  printf 'create_main_cluster = false\n' | as_root tee "$drop" >/dev/null
  local code=0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@" || code=$?
  [ -z "$made" ] || as_root rm -f "$policy"
  as_root rm -f "$drop"
  return "$code"
}

ensure_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$1")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    die "Missing on this machine: PostgreSQL 15 or later with PostGIS 3, redis-server, Python 3.11 with venv" \
      "$([ "$1" = dev ] && echo ', chromium, Noto CJK fonts'). Install them, or set DATABASE_URL and REDIS_URL," \
      "or use: docker compose --profile municipal up"
  fi
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "Missing packages, and neither root nor sudo here. As root: apt-get install --no-install-recommends ${missing[*]}"
  fi
  if [ "$(id -u)" -ne 0 ]; then sudo -v || die "sudo was refused. As root: apt-get install ${missing[*]}"; fi
  if [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -mmin -1440 2>/dev/null | head -n 1)" ]; then
    step "package lists" as_root apt-get update -qq
    mapfile -t missing < <(missing_packages "$1")
  fi
  step "packages: ${missing[*]}" install_packages "${missing[@]}" || {
    step "package lists" as_root apt-get update -qq
    step "packages: ${missing[*]}" install_packages "${missing[@]}"
  }
}

# --- Python packages

# A Python of 3.11 or later: PYTHON, python3, then the numbered ones.
find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    "$name" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    "$name" -c 'import sys; print(sys.executable)'
    return
  done
  return 1
}

make_venv() {
  local python
  "$VENV/bin/python" -c '' 2>/dev/null || rm -rf "$VENV"
  if [ ! -x "$VENV/bin/python" ]; then
    python=$(find_python) || { say "Python 3.11 or later with venv is needed; set PYTHON to it."; return 1; }
    "$python" -m venv "$VENV"
  fi
  is_done uv requirements/uv.txt && [ -x "$VENV/bin/uv" ] && return
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$ROOT/requirements/uv.txt"
  done_with uv requirements/uv.txt
}

# uv reads no pip configuration. Where the user told pip of an index, a folder of wheels, a certificate or a proxy,
# uv gets the same, at run time; what is already set for uv stays.
follow_pip() {
  local settings
  settings=$("$VENV/bin/python" "$ROOT/bin/pip_settings.py") && eval "$settings"
}

install_python() {
  local lock=requirements/$1.txt
  is_done python "$lock" requirements/data.txt && return
  follow_pip
  uv pip sync --quiet --python "$VENV/bin/python" --require-hashes "$ROOT/$lock" "$ROOT/requirements/data.txt" "$ROOT/requirements/uv.txt"
  done_with python "$lock" requirements/data.txt
}

# --- the whole installation: "run" for a demo, "dev" for tests and checks

setup() {
  local kind=$1
  if ! find_python >/dev/null; then ensure_packages "$kind"; fi
  if ! is_done uv requirements/uv.txt || [ ! -x "$VENV/bin/uv" ]; then step "Python environment" make_venv || exit 1; fi
  # a development environment holds all that a run needs
  if [ "$kind" = run ] && is_done python requirements/dev.txt requirements/data.txt; then kind=dev-installed; fi
  local jobs=() job failed=
  ensure_packages "$1" &
  jobs+=($!)
  if [ "$kind" != dev-installed ] && ! is_done python "requirements/$kind.txt" requirements/data.txt; then
    step "Python packages ($kind)" install_python "$kind" &
    jobs+=($!)
  fi
  if ! "$ROOT/bin/assets" --is-done "$1"; then
    step "files of the pages" "$ROOT/bin/assets" "$1" &
    jobs+=($!)
  fi
  for job in "${jobs[@]}"; do wait "$job" || failed=yes; done
  [ -z "$failed" ] || exit 1
  compile_messages
}

compile_messages() {
  local file
  find "$ROOT/platform" -name '*.po' | while read -r file; do
    [ "${file%.po}.mo" -nt "$file" ] || "$VENV/bin/pybabel" -q compile -i "$file" -o "${file%.po}.mo"
  done
}

# --- private servers

# as_server COMMAND...: PostgreSQL refuses root, so root hands over to an unprivileged user; others stay themselves.
as_server() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid "$SERVICE_USER" --regid "$SERVICE_USER" --clear-groups -- env HOME=/nonexistent "$@"
  else
    "$@"
  fi
}

# Folder of the private servers: var/servers where the unprivileged user can reach it and socket names stay short.
server_home() {
  local name
  name=cityops-$(id -u)-$(printf %s "$ROOT" | sha256sum | cut -c1-10)
  if [ "$(id -u)" -eq 0 ] && ! id "$SERVICE_USER" >/dev/null 2>&1; then
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$SERVICE_USER"
  fi
  if [ "${#ROOT}" -lt 60 ] && as_server test -x "$VAR"; then
    printf '%s\n' "$VAR/servers"
  else
    printf '%s\n' "/var/tmp/$name"
  fi
}

make_server_folder() {
  local owner
  mkdir -p "$1"
  owner=$(stat -c %u "$1")
  if [ "$(id -u)" -eq 0 ]; then
    [ "$owner" -eq 0 ] || [ "$owner" -eq "$(id -u "$SERVICE_USER")" ] || die "$1 belongs to somebody else; remove it."
    chown "$SERVICE_USER:" "$1"
  else
    [ "$owner" -eq "$(id -u)" ] || die "$1 belongs to somebody else; remove it."
  fi
  chmod 700 "$1"
}

start_postgresql() {
  local home=$1 kind=$2 bin options
  bin=$(pg_bin) || die "No PostgreSQL with PostGIS found; run bin/setup."
  if [ ! -s "$home/pg/PG_VERSION" ]; then
    rm -rf "$home/pg"
    (cd / && as_server "$bin/initdb" -D "$home/pg" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions)
  fi
  options="-c listen_addresses= -c unix_socket_directories=$home/sock -c unix_socket_permissions=0700"
  options+=" -c jit=off -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=4GB -c timezone=UTC"
  options+=" -c synchronous_commit=off -c log_min_messages=warning -c max_locks_per_transaction=256"
  options+=" -c fsync=off -c full_page_writes=off" # nothing here is worth waiting for a disk: all can be made again
  [ "$kind" = demo ] || options+=" -c autovacuum_naptime=10min"
  (cd / && as_server "$bin/pg_ctl" -D "$home/pg" -w -s -t 60 -l "$home/postgresql.log" -o "$options" start)
}

start_redis() {
  local home=$1 _
  (cd / && as_server redis-server --port 0 --unixsocket "$home/sock/redis.sock" --unixsocketperm 700 --save '' \
    --appendonly no --dir "$home" --daemonize yes --pidfile "$home/redis.pid" --logfile "$home/redis.log")
  for _ in $(seq 100); do
    [ -S "$home/sock/redis.sock" ] && [ -s "$home/redis.pid" ] && return
    sleep 0.05
  done
  return 1
}

is_running() { [ -s "$1" ] && kill -0 "$(head -n 1 "$1")" 2>/dev/null; }

# start_servers KIND: a PostgreSQL and a Redis of our own for "demo" or "test", and DATABASE_URL and REDIS_URL that
# point at them. What the caller has set stays. Those started here are ended by stop_servers.
start_servers() {
  local kind=$1 home
  STARTED=()
  if [ -n "${DATABASE_URL:-}" ] && [ -n "${REDIS_URL:-}" ]; then return; fi
  home=$(server_home)/$kind
  make_server_folder "$(dirname "$home")"
  make_server_folder "$home"
  make_server_folder "$home/sock"
  if [ -z "${DATABASE_URL:-}" ]; then
    if ! is_running "$home/pg/postmaster.pid"; then
      step "PostgreSQL in $home/pg" start_postgresql "$home" "$kind" || exit 1
      STARTED+=("$home/pg/postmaster.pid")
    fi
    export DATABASE_URL="postgis://postgres@/$home/sock/postgres"
  fi
  if [ -z "${REDIS_URL:-}" ]; then
    if ! is_running "$home/redis.pid"; then
      rm -f "$home/redis.pid" "$home/sock/redis.sock"
      step "Redis in $home" start_redis "$home" || exit 1
      STARTED+=("$home/redis.pid")
    fi
    export REDIS_URL="unix://$home/sock/redis.sock?db=0"
  fi
}

# End what start_servers started: by its process id, PostgreSQL with a fast shutdown, and wait for it.
stop_servers() {
  local file pid _
  for file in "${STARTED[@]:-}"; do
    [ -s "$file" ] || continue
    pid=$(head -n 1 "$file")
    kill -INT "$pid" 2>/dev/null || continue
    for _ in $(seq 200); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.05
    done
  done
  STARTED=()
}
