import { generate } from "selfsigned";

export interface Certificate {
  /** PEM; signs itself, so it is also what a client must trust. */
  readonly cert: string;
  readonly key: string;
}

const DAYS = 30;

/** A key pair for 127.0.0.1 (and more names), made anew for each devcluster and kept in memory only. */
export async function createCertificate(names: readonly string[] = []): Promise<Certificate> {
  const now = Date.now();
  const { cert, private: key } = await generate([{ name: "commonName", value: "devcluster" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: new Date(now - 3_600_000),
    notAfterDate: new Date(now + DAYS * 86_400_000),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 7, ip: "127.0.0.1" },
          { type: 2, value: "localhost" },
          ...names.map((value) => ({ type: 2 as const, value })),
        ],
      },
    ],
  });
  return { cert, key };
}
