#!/usr/bin/env bash
# docker compose as docs/running.md has it, from nothing to a payment by mas-client and by HTTPS, and an audit. In a project and on ports of its own; what it has made is
# removed again. It needs a Docker engine, which the tests do not ask for: run it before a release.
set -euo pipefail
cd "$(dirname "$0")/.."
export COMPOSE_PROJECT_NAME=mas-check MAS_TC_PORT=${MAS_TC_PORT:-19008} MAS_GATEWAY_PORT=${MAS_GATEWAY_PORT:-18443} MAS_CONSOLE_PORT=${MAS_CONSOLE_PORT:-19443}
secrets=$(mktemp -d)
trap 'docker compose down --volumes --timeout 30; rm -r "$secrets"' EXIT
client() { docker compose run --rm --no-deps -T client "$@"; }

docker compose up --build --wait
client account create abc --balance 100
client account create def
client payment create --from abc --to def --amount 2.50 --id by-client
for file in ca.crt operator.jwt; do docker compose run --rm --no-deps -T --entrypoint cat client "/certs/$file" >"$secrets/$file"; done
gateway() { curl --silent --show-error --fail-with-body --cacert "$secrets/ca.crt" -H "Authorization: Bearer $(cat "$secrets/operator.jwt")" -H 'Content-Type: application/json' "$@"; echo; }
gateway -H 'Idempotency-Key: by-gateway' -d '{"from":"abc","to":"def","amount":{"decimal":"1.25"}}' "https://localhost:$MAS_GATEWAY_PORT/v1/payments"
gateway "https://localhost:$MAS_GATEWAY_PORT/v1/accounts/def/statement" | tee "$secrets/statement"
grep -q '"closingMinor":"375"' "$secrets/statement"
curl --silent --show-error --fail --output /dev/null --cacert "$secrets/ca.crt" "https://localhost:$MAS_CONSOLE_PORT/"
client audit
docker image inspect --format 'the image has {{.Size}} bytes' mini-account-system
echo 'docker compose: all of it works'
