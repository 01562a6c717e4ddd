#!/bin/sh
# make-authority.sh FOLDER PORT: a root, an authority below it that publishes
# its revocation at 127.0.0.1:PORT, signers of every kind, one of them
# revoked, a time-stamping authority and an OCSP responder.
set -e
mkdir -p "$1"
cd "$1"
port=$2
cat >ca.cnf <<C
[ca]
default_ca = d
[d]
dir = .
database = index.txt
serial = serial.txt
new_certs_dir = .
default_md = sha256
policy = p
crlnumber = crlnumber.txt
default_crl_days = 3000
unique_subject = no
[p]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = x
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:http://127.0.0.1:$port/crl/root.crl
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = 1.3.6.1.5.5.7.3.36
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = OCSP;URI:http://127.0.0.1:$port/ocsp
crlDistributionPoints = URI:http://127.0.0.1:$port/crl/sub.crl
[stamper]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = OCSP;URI:http://127.0.0.1:$port/ocsp
crlDistributionPoints = URI:http://127.0.0.1:$port/crl/sub.crl
[responder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
dir = .
serial = tsa-serial.txt
crypto_device = builtin
signer_cert = tsa.pem
certs = sub.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
C
: >index.txt
echo 1000 >serial.txt
echo 01 >crlnumber.txt
echo 01 >tsa-serial.txt
key() {
	name=$1
	shift
	openssl genpkey "$@" -out "$name.key" 2>/dev/null
}
issue() {	# NAME SECTION ISSUER DAYS
	openssl req -new -key "$1.key" -subj "/CN=TEST $1" -config ca.cnf \
	    -out "$1.csr"
	openssl ca -batch -config ca.cnf -cert "$3.pem" -keyfile "$3.key" \
	    -in "$1.csr" -out "$1.pem" -notext -extensions "$2" \
	    -days "$4" 2>/dev/null
}
ec='-algorithm EC -pkeyopt ec_paramgen_curve:P-256'
key root $ec
openssl req -x509 -key root.key -subj "/CN=TEST root" -config ca.cnf \
    -extensions root -days 3000 -sha256 -out root.pem
key sub $ec
issue sub sub root 2500
for n in p256 second revoked stranger; do
	key $n $ec
done
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key rsa3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
for n in p256 second revoked p384 rsa2048 rsa3072; do
	issue $n signer sub 300
	openssl pkcs12 -export -inkey $n.key -in $n.pem -certfile sub.pem \
	    -passout pass:secret -out $n.p12
done
openssl req -x509 -key stranger.key -subj "/CN=TEST stranger" \
    -config ca.cnf -extensions responder -days 30 -sha256 -out stranger.pem
key tsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
issue tsa stamper sub 2000
key ocsp $ec
issue ocsp responder sub 2000
chmod 600 ./*.p12 ./*.key
lists() {
	for c in root sub; do
		openssl ca -config ca.cnf -cert $c.pem -keyfile $c.key -gencrl \
		    -out $c.crl.pem 2>/dev/null
		openssl crl -in $c.crl.pem -outform DER -out $c.crl
	done
}
openssl ca -config ca.cnf -cert sub.pem -keyfile sub.key -revoke revoked.pem \
    -crl_reason keyCompromise 2>/dev/null
lists
mkdir -p roots
cp root.pem roots/
