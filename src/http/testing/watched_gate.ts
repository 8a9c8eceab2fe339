import { CredentialGate } from "../credential_gate.ts";

/** A gate that counts the connections it heard of the end of: a client hears later than its server. */
export class WatchedGate extends CredentialGate {
  lost = 0;

  override connectionLost(): void {
    super.connectionLost();
    this.lost++;
  }
}
