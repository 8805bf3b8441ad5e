"""The ways into destination-postgres: TLS in every mode, client certificates, SSH tunnels; and what each of them says when it is closed."""
import json
import subprocess

import pytest

from support.fault_proxy import FaultProxy
from support.free_port import free_port
from support.postgres_server import READER_PASSWORD
from support.postgres_tables import customers, deduped, left_behind, stream, target_config


@pytest.fixture
def into(millrace, db):
    """A connection file that copies `customers` of this database into its schema `target`, with these fields of the destination's configuration."""
    customers(db, 500)

    def write(selected=None, **config):
        return millrace.file(("postgres", db.config()), ("postgres", target_config(db, **config)), destination_namespace="destination", streams=[selected or stream()])
    return write


def as_role(db, role):
    """A role that pg_hba.conf lets in one way only; it may make its own schemas here."""
    db.execute(f"grant create on database {db.name} to {role}")
    return {"username": role, "password": READER_PASSWORD}


def arrived(db):
    return db.value("select count(*) from target.customers t join public.customers s using (customer_id, name, balance, updated_at)") == 500


class TestTls:
    @pytest.mark.parametrize("mode", ["allow", "prefer", "require", "verify-ca", "verify-full"])
    def test_modes_that_encrypt(self, millrace, db, into, tls, mode):
        ssl_mode = {"mode": mode, **({"ca_certificate": tls.pem("ca.crt")} if mode.startswith("verify") else {})}
        millrace.sync(into(ssl_mode=ssl_mode, **as_role(db, "tls_only")))
        assert arrived(db)

    @pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
    def test_modes_that_do_without(self, millrace, db, into, mode):
        millrace.sync(into(ssl_mode={"mode": mode}, **as_role(db, "no_tls")))
        assert arrived(db)

    def test_merges_over_tls(self, millrace, db, into, tls):
        file = into(deduped(), ssl_mode={"mode": "verify-full", "ca_certificate": tls.pem("ca.crt")}, **as_role(db, "tls_only"))
        millrace.sync(file)
        db.execute("update customers set name = 'changed', updated_at = '2026-01-01 00:00Z' where customer_id <= 100")
        millrace.sync(file)
        assert arrived(db) and left_behind(db) == []

    def test_disable_where_tls_is_asked_for(self, millrace, db, into):
        millrace.failed_sync(into(ssl_mode={"mode": "disable"}, **as_role(db, "tls_only")), "config_error", "encryption")

    def test_require_where_there_is_none(self, millrace, db, into):
        millrace.failed_sync(into(ssl_mode={"mode": "require"}, **as_role(db, "no_tls")), "config_error", "no_tls")

    @pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
    def test_another_authority(self, millrace, db, into, tls, mode):
        millrace.failed_sync(into(ssl_mode={"mode": mode, "ca_certificate": tls.pem("other.crt")}), "config_error", "certificate", "ssl_mode")

    def test_another_name(self, millrace, db, into, tls):
        """The certificate is for localhost and 127.0.0.1; whoever answers at 127.0.0.2 is somebody else."""
        with FaultProxy("127.0.0.1", db.server.port, address="127.0.0.2") as proxy:
            where = {"host": "127.0.0.2", "port": proxy.port}
            millrace.failed_sync(into(ssl_mode={"mode": "verify-full", "ca_certificate": tls.pem("ca.crt")}, **where), "config_error", "certificate")
            millrace.sync(into(ssl_mode={"mode": "verify-ca", "ca_certificate": tls.pem("ca.crt")}, **where))
        assert arrived(db)

    def test_a_client_certificate(self, millrace, db, into, tls, tmp_path):
        ssl_mode = {"mode": "verify-full", "ca_certificate": tls.pem("ca.crt")}
        role = as_role(db, "cert_only")
        millrace.failed_sync(into(ssl_mode=ssl_mode, **role), "config_error", "certificate")
        half = millrace.sync(into(ssl_mode={**ssl_mode, "client_certificate": tls.pem("client.crt")}, **role), expect=2)
        assert "client_key" in half.err
        outcome = millrace.sync(into(ssl_mode={**ssl_mode, "client_certificate": tls.pem("client.crt"), "client_key": tls.pem("client.key")}, **role))
        assert arrived(db) and "BEGIN" not in outcome.text
        password = "key-pw-Rt55vQ"
        millrace.secrets.add(password)
        locked = tmp_path / "locked.key"
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", tls.folder / "client.key", "-out", locked, "-passout", f"pass:{password}"], check=True, capture_output=True)
        with_password = {**ssl_mode, "client_certificate": tls.pem("client.crt"), "client_key": locked.read_text()}
        millrace.sync(into(ssl_mode={**with_password, "client_key_password": password}, **role))
        millrace.failed_sync(into(ssl_mode={**with_password, "client_key_password": "wrong-pw-Rt55"}, **role), "config_error", "ssl_mode")

    def test_a_certificate_that_is_none(self, millrace, into):
        millrace.failed_sync(into(ssl_mode={"mode": "verify-ca", "ca_certificate": "no pem at all"}), "config_error", "certificate")


class TestTunnel:
    @pytest.mark.parametrize("method", ["by_password", "by_key", "by_rsa_key"])
    @pytest.mark.parametrize("mode", ["disable", "verify-full"])
    def test_syncs_go_through_it(self, millrace, db, into, ssh, tls, method, mode):
        before = ssh.logins()
        ssl_mode = {"mode": mode, "ca_certificate": tls.pem("ca.crt")}
        tunnel = ssh.by_password() if method == "by_password" else ssh.by_key("rsa" if method == "by_rsa_key" else "ed25519")
        file = into(deduped(), tunnel_method=tunnel, ssl_mode=ssl_mode)
        millrace.sync(file)
        db.execute("update customers set name = 'changed', updated_at = '2026-01-01 00:00Z' where customer_id <= 100")
        millrace.sync(file)
        assert arrived(db) and left_behind(db) == []
        assert ssh.logins() > before, "the rows did not come through it"

    def test_many_streams_share_one_tunnel(self, millrace, db, ssh):
        for i in range(6):
            customers(db, 20_000, name=f"t{i}")
        millrace.sync(millrace.file(("postgres", db.config()), ("postgres", target_config(db, tunnel_method=ssh.by_password())), destination_namespace="destination",
                                    streams=[stream(f"t{i}") for i in range(6)]))
        assert [db.value(f"select count(distinct customer_id) from target.t{i}") for i in range(6)] == [20_000] * 6

    def test_the_ssh_server_refuses(self, millrace, into, ssh):
        millrace.failed_sync(into(tunnel_method=ssh.by_password(tunnel_user_password="wrong-pw-3")), "config_error", "SSH server tunnel@127.0.0.1")
        millrace.failed_sync(into(tunnel_method=ssh.by_key("stranger")), "config_error", "SSH server tunnel@127.0.0.1")
        millrace.failed_sync(into(tunnel_method=ssh.by_key(ssh_key="no key at all")), "config_error", "key")

    def test_no_ssh_server_there(self, millrace, into, ssh):
        port = free_port()
        millrace.failed_sync(into(tunnel_method=ssh.by_key(tunnel_port=port)), "_error", "SSH server", str(port))
        millrace.failed_sync(into(tunnel_method=ssh.by_key(tunnel_host="nowhere.invalid")), "config_error", "nowhere.invalid")

    def test_no_database_behind_it(self, millrace, into, ssh):
        port = free_port()
        millrace.failed_sync(into(port=port, tunnel_method=ssh.by_key()), "transient_error", f"can't reach localhost:{port}")

    def test_the_database_refuses(self, millrace, into, ssh):
        millrace.failed_sync(into(password="wrong-pw-4", tunnel_method=ssh.by_key()), "config_error", "password authentication failed")


class TestRefused:
    def test_wrong_password(self, millrace, into):
        millrace.failed_sync(into(password="wrong-pw-1"), "config_error", "password authentication failed", "postgres")

    def test_missing_database(self, millrace, into):
        millrace.failed_sync(into(database="nowhere"), "config_error", "nowhere")

    def test_an_unknown_host(self, millrace, into):
        millrace.failed_sync(into(host="nowhere.invalid"), "config_error", "nowhere.invalid")

    def test_nobody_listens(self, millrace, into):
        port = free_port()
        millrace.failed_sync(into(port=port), "_error", str(port), "refused")

    @pytest.mark.parametrize("change, words", [
        ({"password": "wrong-pw-9"}, "password"), ({"host": "nowhere.invalid"}, "nowhere.invalid"), ({"database": "nowhere"}, "nowhere"),
        ({"ssl_mode": {"mode": "verify-ca"}}, "ca_certificate"), ({"tunnel_method": {"tunnel_method": "SSH_KEY_AUTH", "tunnel_host": "h", "tunnel_port": 22}}, "tunnel_user")])
    def test_check_says_it_too(self, millrace, db, change, words):
        (millrace.folder / "config.json").write_text(json.dumps(target_config(db, **change)))
        outcome = millrace.run("connector", "destination-postgres", "check", "--config", "config.json")
        [status] = [m["connectionStatus"] for m in outcome.messages() if m["type"] == "CONNECTION_STATUS"]
        assert status["status"] == "FAILED" and words in status["message"], outcome

    def test_check_comes_through_the_tunnel(self, millrace, db, ssh):
        (millrace.folder / "config.json").write_text(json.dumps(target_config(db, tunnel_method=ssh.by_password())))
        assert "SUCCEEDED" in millrace.run("connector", "destination-postgres", "check", "--config", "config.json", expect=0).out
