# SPDX-License-Identifier: Apache-2.0
"""A real sshd in the server's network, and its clients in theirs."""
import subprocess
import time

import lab
import networks

CONFIG = """HostKey {work}/host_key
PidFile {work}/sshd.pid
AuthorizedKeysFile {work}/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
AllowUsers {users}
"""


class Ssh:
    """`users`: numbers by name; those that the host does not know are made for this run."""

    def __init__(self, network, work, users):
        self.network, self.work = network, work / "ssh"
        self.work.mkdir()
        networks.add_users(self.work, {name: number for name, number in users.items() if name != "root"})
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run"], check=True)  # this run's own
        subprocess.run(["mkdir", "/run/sshd"], check=True)
        for name in ("host_key", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / name], check=True)
        config = self.work / "sshd_config"
        config.write_text(CONFIG.format(work=self.work, users=" ".join(users)))
        self.log = open(self.work / "log", "wb")
        self.process = subprocess.Popen(network.words("server", "/usr/sbin/sshd", "-D", "-e", "-f", config),
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        preexec_fn=lab.die_with_parent)

    def words(self, name, command, user=None):
        """`name`: where the client is, and who logs in unless it is another `user`."""
        return self.network.words(name, "ssh", "-F", "none", "-i", self.work / "key", "-o", "StrictHostKeyChecking=no",
                                  "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10",
                                  f"{user or name}@{self.network.server_for(name)}", command)

    def client(self, name, command, content="", seconds=60, user=None):
        try:
            done = subprocess.run(self.words(name, command, user), input=content, text=True, capture_output=True,
                                  timeout=seconds)
        except subprocess.TimeoutExpired:
            return None, "it did not end in time"
        return done.returncode, done.stdout + done.stderr

    def wait_until_it_answers(self, name, user=None):
        for _ in range(50):
            if self.client(name, "true", user=user)[0] == 0:
                return
            time.sleep(0.1)
        raise AssertionError("sshd does not answer: " + (self.work / "log").read_text())

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
