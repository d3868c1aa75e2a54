//! The stand's own certificate authority, certificates and kubeconfigs.
//!
//! Owns `run/pki` and `run/kubeconfig*`. Certificates are X.509 v3, as TLS libraries of today
//! demand. Never touches the user's own `~/.kube`. Tested by every request to the stand.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use super::error::{On, Result};
use super::namespaced;

/// Someone who proves who they are by a client certificate.
struct Person {
    file: &'static str,
    user: &'static str,
    group: Option<&'static str>,
}

const PEOPLE: [Person; 7] = [
    Person { file: "admin", user: "testbed-admin", group: Some("system:masters") },
    Person { file: "kube-controller-manager", user: "system:kube-controller-manager", group: None },
    Person { file: "kube-scheduler", user: "system:kube-scheduler", group: None },
    Person { file: "kwok", user: "kwok", group: Some("system:masters") },
    Person { file: "shop", user: "shop", group: Some("system:masters") },
    Person { file: "reader", user: "reader", group: None },
    Person { file: "confined", user: "confined", group: None },
];

/// Returns the path of a key, certificate or kubeconfig of the run.
pub fn path(run: &Path, name: &str) -> PathBuf {
    run.join("pki").join(name)
}

/// Returns the kubeconfig of one of the stand's users.
pub fn kubeconfig(run: &Path, user: &str) -> PathBuf {
    run.join("kubeconfig").join(user)
}

/// Makes the authority, all certificates and kubeconfigs, unless the run has them.
pub fn make(run: &Path, apiserver: u16) -> Result<()> {
    let done = path(run, "done");
    if done.is_file() {
        return Ok(());
    }
    for dir in ["pki", "kubeconfig"] {
        let dir = run.join(dir);
        fs::create_dir_all(&dir).on(dir.display())?;
    }
    let what = "the stand's certificates";
    let ca_key = KeyPair::generate().on(what)?;
    let mut ca = params("deckwatch-testbed", None, &[])?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_pem = ca.self_signed(&ca_key).on(what)?.pem();
    write(&path(run, "ca.crt"), &ca_pem)?;
    let issuer = Issuer::new(ca, ca_key);

    let service_names = ["127.0.0.1", "localhost", "kubernetes.default.svc", "10.96.0.1"];
    server(run, "kube-apiserver", &service_names, &issuer)?;
    server(run, "kwok", &["127.0.0.1", "localhost", namespaced::NODE], &issuer)?;
    let (crt, key) = client("kube-apiserver-kubelet-client", Some("system:masters"), &issuer)?;
    write(&path(run, "kubelet-client.crt"), &crt)?;
    write(&path(run, "kubelet-client.key"), &key)?;
    let accounts = KeyPair::generate().on(what)?;
    write(&path(run, "service-accounts.key"), &accounts.serialize_pem())?;
    write(&path(run, "service-accounts.pub"), &accounts.public_key_pem())?;

    for person in &PEOPLE {
        let (crt, key) = client(person.user, person.group, &issuer)?;
        let text = kubeconfig_text(apiserver, person.user, &ca_pem, &crt, &key);
        write(&kubeconfig(run, person.file), &text)?;
    }
    write(&done, "")
}

fn params(name: &str, group: Option<&str>, alternative: &[&str]) -> Result<CertificateParams> {
    let names: Vec<String> = alternative.iter().map(|&n| n.to_owned()).collect();
    let mut params = CertificateParams::new(names).on("the names of a certificate")?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 1, 1);
    Ok(params)
}

fn server(run: &Path, file: &str, names: &[&str], issuer: &Issuer<'_, KeyPair>) -> Result<()> {
    let mut params = params(file, None, names)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (crt, key) = sign(&params, issuer)?;
    write(&path(run, &format!("{file}.crt")), &crt)?;
    write(&path(run, &format!("{file}.key")), &key)
}

fn client(user: &str, group: Option<&str>, issuer: &Issuer<'_, KeyPair>) -> Result<(String, String)> {
    let mut params = params(user, group, &[])?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    sign(&params, issuer)
}

fn sign(params: &CertificateParams, issuer: &Issuer<'_, KeyPair>) -> Result<(String, String)> {
    let key = KeyPair::generate().on("a key")?;
    let certificate = params.signed_by(&key, issuer).on("a certificate")?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn kubeconfig_text(port: u16, user: &str, ca: &str, crt: &str, key: &str) -> String {
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         current-context: testbed\n\
         clusters:\n\
         - name: testbed\n\
         \x20 cluster:\n\
         \x20   server: https://127.0.0.1:{port}\n\
         \x20   certificate-authority-data: {}\n\
         users:\n\
         - name: {user}\n\
         \x20 user:\n\
         \x20   client-certificate-data: {}\n\
         \x20   client-key-data: {}\n\
         contexts:\n\
         - name: testbed\n\
         \x20 context:\n\
         \x20   cluster: testbed\n\
         \x20   user: {user}\n",
        STANDARD.encode(ca),
        STANDARD.encode(crt),
        STANDARD.encode(key),
    )
}

/// Writes a file that only this user may read.
fn write(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let mut options = fs::File::options();
    let mut file =
        options.create(true).write(true).truncate(true).mode(0o600).open(path).on(path.display())?;
    file.write_all(text.as_bytes()).on(path.display())
}
