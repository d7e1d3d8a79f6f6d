// An authenticator in software: makes and shows passkeys as a browser would hand them to the server
// (RegistrationResponseJSON, AuthenticationResponseJSON), and wrong ones on demand.
//
//   const key = new Authenticator("http://localhost:3000");
//   const credential = key.create(creationOptions);      // POST /api/passkeys {credential}
//   const shown = key.get(requestOptions, { counter: 1 }); // POST /api/auth/passkey {credential: shown}
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const flag = { present: 0x01, verified: 0x04, eligible: 0x08, backedUp: 0x10, credential: 0x40 };

/** The head of a CBOR item. */
function head(major, length) {
    if (length < 24) return Buffer.from([(major << 5) | length]);
    if (length < 256) return Buffer.from([(major << 5) | 24, length]);
    return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}

function cbor(value) {
    if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
    if (typeof value === "string")
        return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
    if (value instanceof Map)
        return Buffer.concat([head(5, value.size), ...[...value].flat().map((item) => cbor(item))]);
    return Buffer.concat([head(2, value.length), value]);
}

const kinds = {
    "-7": {
        make: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
        hash: "sha256",
        cose: (jwk) => [
            [1, 2],
            [3, -7],
            [-1, 1],
            [-2, Buffer.from(jwk.x, "base64url")],
            [-3, Buffer.from(jwk.y, "base64url")],
        ],
    },
    "-8": {
        make: () => generateKeyPairSync("ed25519"),
        hash: null,
        cose: (jwk) => [
            [1, 1],
            [3, -8],
            [-1, 6],
            [-2, Buffer.from(jwk.x, "base64url")],
        ],
    },
    "-257": {
        make: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
        hash: "sha256",
        cose: (jwk) => [
            [1, 3],
            [3, -257],
            [-1, Buffer.from(jwk.n, "base64url")],
            [-2, Buffer.from(jwk.e, "base64url")],
        ],
    },
};

export class Authenticator {
    constructor(origin, algorithm = -7) {
        this.origin = origin;
        this.algorithm = algorithm;
        this.kind = kinds[algorithm];
        this.pair = this.kind.make();
        this.id = randomBytes(32);
    }

    #clientData(type, challenge, wrong) {
        const data = { type, challenge, origin: this.origin, crossOrigin: false, ...wrong.client };
        return Buffer.from(JSON.stringify(data));
    }

    #data(rpId, flags, counter, rest = Buffer.alloc(0)) {
        const number = Buffer.alloc(4);
        number.writeUInt32BE(counter);
        return Buffer.concat([sha256(rpId), Buffer.from([flags]), number, rest]);
    }

    #sign(...parts) {
        return sign(this.kind.hash, Buffer.concat(parts), this.pair.privateKey);
    }

    #credential() {
        const cose = cbor(new Map(this.kind.cose(this.pair.publicKey.export({ format: "jwk" }))));
        const length = Buffer.from([this.id.length >> 8, this.id.length & 255]);
        return Buffer.concat([Buffer.alloc(16), length, this.id, cose]);
    }

    /** `wrong`: client (members of the client data), rpId, flags, counter; `attested`: with "packed". */
    create(options, { counter = 0, attested = false, ...wrong } = {}) {
        const client = this.#clientData("webauthn.create", options.challenge, wrong);
        const flags = wrong.flags ?? flag.present | flag.verified | flag.credential;
        const data = this.#data(wrong.rpId ?? options.rp.id, flags, counter, this.#credential());
        const statement = attested
            ? [
                  ["alg", this.algorithm],
                  ["sig", this.#sign(data, sha256(client))],
              ]
            : [];
        const object = new Map([
            ["fmt", attested ? "packed" : "none"],
            ["attStmt", new Map(statement)],
            ["authData", data],
        ]);
        this.userHandle = options.user.id;
        return this.#answer({
            clientDataJSON: base64url(client),
            attestationObject: base64url(cbor(object)),
            transports: ["internal"],
        });
    }

    /** `wrong`: client, rpId, flags, userHandle. */
    get(options, { counter = 0, ...wrong } = {}) {
        const client = this.#clientData("webauthn.get", options.challenge, wrong);
        const data = this.#data(
            wrong.rpId ?? options.rpId,
            wrong.flags ?? flag.present | flag.verified,
            counter,
        );
        return this.#answer({
            clientDataJSON: base64url(client),
            authenticatorData: base64url(data),
            signature: base64url(this.#sign(data, sha256(client))),
            userHandle: wrong.userHandle ?? this.userHandle,
        });
    }

    #answer(response) {
        const id = base64url(this.id);
        return {
            id,
            rawId: id,
            type: "public-key",
            authenticatorAttachment: "platform",
            clientExtensionResults: {},
            response,
        };
    }
}
