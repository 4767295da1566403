#!/bin/sh
# Makes the host key once, and an account with its locked-in folder for each provider named in SFTP_ACCOUNTS.
set -eu
[ -f /etc/ssh/keys/host_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/keys/host_ed25519
for account in ${SFTP_ACCOUNTS:-cat tot}; do
  id "$account" >/dev/null 2>&1 || useradd --no-create-home --shell /usr/sbin/nologin "$account"
  # The folder one is locked into must belong to root; what is exchanged lies one below.
  mkdir -p "/srv/$account/exchange"
  chown root:root "/srv/$account"
  chown "$account" "/srv/$account/exchange"
done
echo "Host key to pin: $(ssh-keygen -lf /etc/ssh/keys/host_ed25519.pub)"
exec /usr/sbin/sshd -D -e
