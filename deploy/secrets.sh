#!/bin/sh
# Makes the secrets of a hub that is tried out with Docker Compose or the Kubernetes overlay `development`, one file for each:
#   deploy/secrets.sh [folder]        ./secrets when not given
# What is there already stays, so that it can be run again. Needs openssl.
#
# Only the owner may enter the folder. The files in it may be read by everybody: Docker Compose mounts them as they are, with their owner and mode,
# into containers that run as other users.
set -eu

folder=${1:-secrets}
services='payment ledger settlement notification'

mkdir -p "$folder"
chmod 0700 "$folder"
folder=$(cd "$folder" && pwd)

# keep NAME COMMAND…: what the command writes becomes the file, unless it is there; whole or not at all.
keep() {
  file=$folder/$1
  shift
  [ -s "$file" ] && return
  umask 077
  "$@" >"$file.new"
  [ -s "$file.new" ] || { echo "$file: could not be made" >&2; exit 1; }
  chmod 0444 "$file.new"
  mv "$file.new" "$file"
}

random() { openssl rand -hex 32; }

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# An X25519 key pair as a JWK (RFC 8037), named by its thumbprint (RFC 7638). Both keys are the last 32 bytes of their DER forms (RFC 8410).
decryption_key() {
  pem=$(openssl genpkey -algorithm X25519)
  d=$(echo "$pem" | openssl pkey -outform DER | tail -c 32 | base64url)
  x=$(echo "$pem" | openssl pkey -pubout -outform DER | tail -c 32 | base64url)
  kid=$(printf '{"crv":"X25519","kty":"OKP","x":"%s"}' "$x" | openssl dgst -sha256 -binary | base64url)
  printf '{"kty":"OKP","crv":"X25519","kid":"%s","x":"%s","d":"%s"}\n' "$kid" "$x" "$d"
}

# A signer key of type 1 in the text form of C2SP signed-note, under the log's name. Its id is the beginning of the SHA-256 of the name, a line feed, the
# type and the public key; both keys are the last 32 bytes of their DER forms (RFC 8410).
log_signing_key() {
  name=${LOG_ORIGIN:-tongbao.example/main}
  pem=$(openssl genpkey -algorithm ed25519)
  id=$({ printf '%s\n\001' "$name"; echo "$pem" | openssl pkey -pubout -outform DER | tail -c 32; } | openssl dgst -sha256 -r | cut -c 1-8)
  key=$({ printf '\001'; echo "$pem" | openssl pkey -outform DER | tail -c 32; } | openssl base64 -A)
  printf 'PRIVATE+KEY+%s+%s+%s\n' "$name" "$id" "$key"
}

# One person for each role, so that four eyes can be tried out. The names are made up; the tokens are what each shows as `Authorization: Bearer`.
operators() {
  separator='['
  for role in ops finance approver auditor admin; do
    printf '%s{"name":"%s","roles":["%s"],"token":"tbo_%s_%s"}' "$separator" "$role" "$role" "$role" "$(random)"
    separator=','
  done
  echo ']'
}

# The hub's user may use the hub's keys; whoever does not log in may ask whether the server lives.
redis_users() {
  hash=$(printf '%s' "$(cat "$folder/redis.password")" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
  echo "user hub on #$hash resetkeys ~tongbao:* resetchannels -@all +@all -@admin -@dangerous +info"
  echo 'user default on nopass resetkeys resetchannels -@all +ping'
}

redis_url() { echo "redis://hub:$(cat "$folder/redis.password")@redis:6379/0"; }

database_url() { echo "postgresql://$1:$(cat "$folder/$1.database-password")@postgres:5432/tongbao"; }

keep operators.json operators
keep webhook-secret-key random
keep sandbox-secret random
keep command-decryption-key.json decryption_key
keep log-signing-key log_signing_key
keep log-commitment-key random
keep postgres.password random
for service in $services; do
  keep "$service.database-password" random
  keep "$service.database-url" database_url "$service"
done
keep redis.password random
keep redis.users redis_users
keep redis-url redis_url
keep grafana.password random
echo "secrets are in $folder"
