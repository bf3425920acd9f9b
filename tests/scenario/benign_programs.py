# SPDX-License-Identifier: Apache-2.0
"""Honest work of whole programs: backups, databases, mail, encryption, office (benign_work.py says what each has)."""
from benign_work import Work

POSTGRES = "/usr/lib/postgresql/15/bin"

# Packs and segments as a repository has that is pruned now and then, and one that never was: what was new each day is
# gone from the newest snapshots.
def each_day(days, command):
    return f"for day in $(seq {days}); do head -c 4M /dev/urandom > files/video.raw; {command}; done; rm files/video.raw"


RESTIC = 'export RESTIC_PASSWORD=secret RESTIC_REPOSITORY="$TREE/backup" RESTIC_PACK_SIZE=4; '
BORG = 'export BORG_PASSPHRASE=secret BORG_REPO="$TREE/borg" BORG_BASE_DIR="$SCRATCH"; '

NEW_FILES = '''
for n in $(seq 20); do cp /usr/share/common-licenses/GPL-3 "files/new-$RUN-$n.txt"; echo $n >> "files/new-$RUN-$n.txt"; done
'''
DAYS, MONTHS = 12, 50  # days
KEEP = "$((RUN < 3 ? 8 - RUN * 3 : 1))"
BACKUP = "restic -q backup files"
PRUNE = f"{BACKUP} && restic -q forget --keep-last {KEEP} --prune && restic -q check"
BORG_INIT = 'borg init -e repokey && borg config "$BORG_REPO" max_segment_size 2000000; '
BORG_CREATE = "borg create ::day-$day files"
BORG_PRUNE = f'borg create "::run-$RUN" files && borg prune --keep-last {KEEP} && borg compact --threshold 1 && borg check'

# A number of old texts, each in a folder of its own for each run: what is encrypted and shredded is gone.
PRIVATE = '''for run in 1 2 3 4 5; do mkdir private-$run; for n in $(seq $((FILES / 20 < 40 ? FILES / 20 : 40))); do
head -c $((3000 + n * 100)) /usr/share/common-licenses/GPL-3 > private-$run/letter-$n.txt; done; done'''

LOGS = '''mkdir logs; python3 - <<'END'
import gzip, os, random
rng = random.Random(14)
for n in range(int(os.environ["FILES"]) // 25):
    line = lambda: f"2024-03-{rng.randrange(1, 29):02} host app[{n}]: request {rng.randrange(10**9)} took {rng.randrange(900)} ms\\n"
    for age in range(5):
        text = "".join(line() for _ in range(rng.randrange(100, 2000)))
        name = f"logs/app-{n}.{('gz', 'xz')[n % 2]}.log"
        open(name, "w").write(text) if age == 0 else gzip.open(f"{name}.{age}.gz", "wt").write(text)
END'''

# Who writes the logs keeps them open meanwhile, which is what copytruncate is for.
ROTATE = '''
python3 - <<'END' &
import glob, time
logs = [open(name, "a") for name in glob.glob("logs/*.log")]
for second in range(8):
    for log in logs:
        log.write(f"line {second}\\n" * 50); log.flush()
    time.sleep(0.5)
END
sleep 1
cat > "$SCRATCH/rotate.conf" <<END
compress
copytruncate
rotate 4
"$TREE/logs/*.gz.log" { }
"$TREE/logs/*.xz.log" {
  compresscmd /usr/bin/xz
  uncompresscmd /usr/bin/unxz
  compressext .xz
}
END
chmod 644 "$SCRATCH/rotate.conf"
logrotate -f -s "$SCRATCH/rotate.state" "$SCRATCH/rotate.conf" && wait'''

# The server refuses to run as root; it ends with the shell that started it.
AS_SERVER = f'''export PATH="{POSTGRES}:$PATH" PGHOST="$SCRATCH/socket" PGUSER=postgres
as_server="setpriv --pdeathsig INT"; if [ "$(id -u)" = 0 ]; then as_server="$as_server --reuid=postgres --regid=postgres --clear-groups"; fi
start() {{ $as_server postgres -D "$TREE/pg" -c listen_addresses= -c unix_socket_directories="$PGHOST" >/dev/null 2>"$SCRATCH/pg.log" & server=$!
for n in $(seq 300); do pg_isready -q && return; sleep 0.1; done; cat "$SCRATCH/pg.log" >&2; return 1; }}
'''
SCALE = "$((FILES / 1000 + 1))"

VAULT = '''export ANSIBLE_VAULT_PASSWORD_FILE="$SCRATCH/password" ANSIBLE_HOME="$SCRATCH/ansible" EDITOR="$SCRATCH/editor"
'''


def _vault(count):
    """`count` files of secrets encrypted, one edited, all decrypted, and encrypted again."""
    return Work(f'''
mkdir group_vars; for n in $(seq {count}); do for i in $(seq $((n * 5))); do echo "service_$i: secret-$n-$i-for-the-service"; done > group_vars/site-$n.yml; done
for n in $(seq 40); do echo "host_$n: {{{{ address: 10.0.0.$n }}}}" > group_vars/plain-$n.yml; done
echo correct-horse > "$SCRATCH/password"; printf '#!/bin/sh\\nsed -i s/secret/token/ "$1"\\n' > "$SCRATCH/editor"; chmod 755 "$SCRATCH/editor"
''', VAULT + '''cd group_vars && ansible-vault encrypt site-*.yml && ansible-vault edit site-1.yml && ansible-vault view site-2.yml \
&& ansible-vault decrypt site-*.yml && ansible-vault encrypt site-*.yml && [ "$(head -c 14 site-3.yml)" = '$ANSIBLE_VAULT' ] && ansible-vault decrypt site-*.yml''',
                ("ansible-vault",), False, may_ask=count > 8)


MAILS = '''mkdir -p mail; python3 - <<'END'
import os, random, time
rng, words = random.Random(30), open("/usr/share/common-licenses/GPL-3").read().split()
files = int(os.environ["FILES"])
def mail(n, age):
    text = " ".join(rng.choice(words) for _ in range(rng.randrange(50, 600)))
    return f"From: person{n % 40}@example.org\\nTo: me@example.org\\nSubject: {rng.choice(words)} {n}\\nMessage-ID: <{n}@example.org>\\nDate: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(age))}\\n\\n{text}\\n"
now, number = time.time(), 0
for folder, count in (("", files * 2 // 3), (".Trash", files // 6), (".Archive", files // 6)):
    for kind in ("cur", "new", "tmp"):
        os.makedirs(os.path.join("mail", "dir", folder, kind), exist_ok=True)
    for n in range(count):
        number += 1
        age = int(now - (count - n) * 1000 * 86400 / count)  # delivered in this order
        path = os.path.join("mail", "dir", folder, "cur", f"{age}.M{number}P7.host:2,{rng.choice(['S', 'RS', ''])}")
        open(path, "w").write(mail(number, age)); os.utime(path, (age, age))
os.makedirs("mail/box")
for n in range(files // 50):
    open(f"mail/box/list-{n}", "w").write("".join(f"From person@example.org Mon Jan  1 00:00:00 2024\\n{mail(n * 50 + i % 40, now)}\\n" for i in range(50)))
END
chown -R mail:mail mail
'''
# Nobody's mail is read as root: there it is the user `mail`.
DOVEADM = '''as_owner=""; if [ "$(id -u)" = 0 ]; then as_owner="setpriv --reuid=mail --regid=mail --clear-groups"; fi
printf 'mail_location = maildir:%s/mail/dir\nlog_path = /dev/stderr\nssl = no\nmail_uid = %s\nmail_gid = %s\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n' "$TREE" $($as_owner id -u) $($as_owner id -g) > "$SCRATCH/dovecot.conf"
mail() { $as_owner doveadm -c "$SCRATCH/dovecot.conf" "$@"; }; export USER=me
'''

PROGRAMS = {
    "B06-restic": Work(RESTIC + "restic -q init; " + each_day(DAYS, BACKUP), RESTIC + NEW_FILES + PRUNE, ("restic",)),
    "B06-months": Work(RESTIC + "restic -q init; " + each_day(MONTHS, BACKUP), RESTIC + NEW_FILES + PRUNE, ("restic",)),
    "B07-borg": Work(BORG + BORG_INIT + each_day(DAYS, BORG_CREATE), BORG + NEW_FILES + BORG_PRUNE, ("borg",)),
    "B07-months": Work(BORG + BORG_INIT + each_day(MONTHS, BORG_CREATE), BORG + NEW_FILES + BORG_PRUNE, ("borg",)),
    "B08-private": Work(PRIVATE + '; mkdir -m 700 "$SCRATCH/gpg"', '''export GNUPGHOME="$SCRATCH/gpg"
for letter in private-$RUN/*.txt; do gpg -q --batch --pinentry-mode loopback --passphrase secret -c "$letter" && shred -u "$letter" || exit 1; done''',
                        ("gpg", "shred"), False, may_ask=True),
    "B09-archives": Work('mkdir outgoing; age-keygen -o "$SCRATCH/key" 2>/dev/null; chmod 644 "$SCRATCH/key"', '''
for_me=$(age-keygen -y "$SCRATCH/key"); 7z a -psecret -mhe=on "outgoing/mail-$RUN.7z" files >/dev/null && tar c files | age -r "$for_me" -o "outgoing/mail-$RUN.tar.age"
find files -type f | head -n 200 | while read -r name; do age -r "$for_me" -o "outgoing/$RUN-$(basename "$name").age" "$name" || exit 1; done
rm -f outgoing/*.7z''', ("7z", "age")),
    "B14-logrotate": Work(LOGS, ROTATE, ("logrotate", "xz"), False),
    "B15-postgres": Work(AS_SERVER + f'''
mkdir -p dumps pg "$PGHOST" && chown postgres pg dumps "$PGHOST" && $as_server initdb -D pg -U postgres --auth=trust >/dev/null && start && createdb office && pgbench -i -q -s {SCALE} office 2>/dev/null
kill -INT $server; wait $server''', AS_SERVER + f'''
start && createdb "run$RUN" && pgbench -i -q -s {SCALE} "run$RUN" && pgbench -n -c 4 -j 2 -t $((FILES / 10)) office >/dev/null \
&& psql -qc 'VACUUM FULL' office && psql -qc 'REINDEX DATABASE office' office && psql -qc CHECKPOINT office && pg_dump office | $as_server tee "dumps/office-$RUN.sql" >/dev/null && dropdb "run$RUN"
status=$?; kill -INT $server; wait $server; exit $status''', (f"{POSTGRES}/initdb", f"{POSTGRES}/pgbench"), False),
    "B17-sqlite": Work('''python3 - <<'END'
import sqlite3, os
db = sqlite3.connect("office.db"); db.execute("PRAGMA journal_mode=WAL"); db.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT)")
db.executemany("INSERT INTO notes(body) VALUES (?)", ((f"note {n} " * 20,) for n in range(int(os.environ["FILES"])))); db.commit(); db.close()
END''', '''python3 - <<'END'
import sqlite3, os
files = int(os.environ["FILES"])
for mode, count in (("WAL", files), ("DELETE", files // 10), ("TRUNCATE", files // 10)):
    db = sqlite3.connect("office.db"); db.execute("PRAGMA busy_timeout=60000"); db.execute(f"PRAGMA journal_mode={mode}"); db.execute("PRAGMA synchronous=NORMAL")
    for n in range(count):
        db.execute("UPDATE notes SET body = ? WHERE id = ?", (f"{mode} {n} " * 25, n * 7 % files)); db.execute("DELETE FROM notes WHERE id = ?", (n * 13 % files,)); db.commit()
    db.execute("VACUUM"); db.close()
END''', ("python3",), False),
    # Where there is no device mapper, `dd` writes as it would: ciphertext over ciphertext, in place.
    "B20-luks": Work('''head -c 32 /dev/urandom > "$SCRATCH/key"; chmod 644 "$SCRATCH/key"; for n in 1 2 3; do head -c 48M /dev/urandom > safe-$n.luks
cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 safe-$n.luks "$SCRATCH/key"; done''', '''
for n in 1 2 3; do
    fallocate -l 48M "new-$RUN-$n.luks" && cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "new-$RUN-$n.luks" "$SCRATCH/key" || exit 1
    for safe in "new-$RUN-$n.luks" "safe-$n.luks"; do
        if grep -qs device-mapper /proc/misc && [ "$(id -u)" = 0 ]; then
            cryptsetup open --key-file "$SCRATCH/key" "$safe" "tocsin-test-$$" && head -c 16M /dev/urandom > "/dev/mapper/tocsin-test-$$"; cryptsetup close "tocsin-test-$$" || exit 1
        else
            for at in 17 19 30; do dd if=/dev/urandom of="$safe" bs=1M seek=$at count=$((RUN + 1)) conv=notrunc status=none || exit 1; done
        fi
    done
done''', ("cryptsetup", "fallocate"), False),
    "B22-vault-3": _vault(3),
    "B22-vault-5": _vault(5),
    "B22-vault-12": _vault(12),
    "B23-office": Work('''mkdir papers; for n in $(seq $((FILES / 250 + 8))); do head -n $((n * 9)) /usr/share/common-licenses/GPL-3 > papers/paper-$n.txt; seq -s, $n 60 > papers/sheet-$n.csv; done
soffice --headless --convert-to odt --outdir papers papers/*.txt >/dev/null && soffice --headless --convert-to ods --outdir papers papers/*.csv >/dev/null; chmod -R a+rwX "$SCRATCH"''', '''
cd papers; soffice --headless --convert-to docx --outdir . *.odt >/dev/null && soffice --headless --convert-to pdf --outdir . *.odt *.ods >/dev/null \
&& soffice --headless --convert-to odt --outdir . *.docx >/dev/null && soffice --headless --convert-to xlsx --outdir . *.ods >/dev/null && soffice --headless --convert-to ods --outdir . *.xlsx >/dev/null && rm -f *.docx *.xlsx''',
                       ("soffice",), False),
    # The order of calls in a save by LibreOffice, and by Python's mailbox: made empty, written, put in place, open again.
    "B23-reopened": Work("mkdir papers; for n in $(seq 200); do seq $n $((n + 20000)) > papers/paper-$n.txt; done", """python3 - <<'END'
import os, time
for n in range(1, 201):
    name, new = f"papers/paper-{n}.txt", f"papers/paper-{n}.new"
    text = open(name).read() + "more\\n"
    open(new, "x").close(); time.sleep(0.02)
    with open(new, "r+") as out: out.write(text)
    os.rename(new, name); held = open(name, "r+"); time.sleep(0.02)
END""", ("python3",), False),
    "B24-samba": Work('python3 "$SCENARIO/office_clients.py" fill .', 'python3 "$SCENARIO/office_clients.py" save . "$SCRATCH/smb-$RUN"',
                      ("smbd", "smbclient", "ip"), False, as_user=False),
    "B30-maildir": Work(MAILS, DOVEADM + '''
mail expunge mailbox INBOX before $((950 - RUN * 100))d && mail expunge mailbox INBOX from person$RUN@ && mail move Archive mailbox INBOX before $((800 - RUN * 100))d && mail flags add '\\Seen' mailbox INBOX all''',
                        ("doveadm",), False),
    # Mail comes in, is looked at, and is marked as read: each renames the file of a mail.
    "B30-arrival": Work(MAILS, DOVEADM + """printf 'MAILDIR=%s\\nDEFAULT=%s/mail/dir/\\n' "$SCRATCH" "$TREE" > "$SCRATCH/procmailrc"; chmod 644 "$SCRATCH/procmailrc"
for n in $(seq 40); do printf 'From: a@example.org\\nTo: me@example.org\\nSubject: mail %s of %s\\n\\nGood morning!\\n' $n "$RUN" | $as_owner procmail -m "$SCRATCH/procmailrc" || exit 1; done
sleep 4; mail fetch uid mailbox INBOX unseen && mail flags add '\\Seen' mailbox INBOX unseen""", ("doveadm", "procmail"), False),
    "B30-trash": Work(MAILS, DOVEADM + 'mail expunge mailbox Trash all', ("doveadm",), False),
    "B30-mdbox": Work(MAILS + DOVEADM + 'mail -o mdbox_rotate_size=500k -o "mail_location=mdbox:$TREE/mail/mdbox" import "maildir:$TREE/mail/dir" "" all', DOVEADM + '''
mdbox() { mail -o mdbox_rotate_size=500k -o "mail_location=mdbox:$TREE/mail/mdbox" "$@"; }
mdbox expunge mailbox INBOX before $((950 - RUN * 200))d && mdbox expunge mailbox INBOX from person$RUN@ && mdbox purge''', ("doveadm",), False),
    "B30-mbox": Work(MAILS, '''python3 - <<'END'
import glob, mailbox
for name in glob.glob("mail/box/list-*"):
    box = mailbox.mbox(name); box.lock(); [box.remove(key) for key in list(box.keys())[::5]]; box.flush(); box.close()
END
for box in mail/box/list-*; do rm -f "$SCRATCH/ids"; formail -D 65536 "$SCRATCH/ids" -s < "$box" > "$box.new" && mv "$box.new" "$box" || exit 1; done''',
                     ("formail",), False),
}
