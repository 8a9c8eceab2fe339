import type { CallOptions } from "../core/env.ts";
import { hasCode } from "./blob_errors.ts";
import type { ContainerCalls } from "./container_calls.ts";

/** Leases on blobs ("Lease Blob"), by names below a prefix. Rejects as `ContainerCalls` does. */
export class BlobLeases {
  readonly #calls: ContainerCalls;
  readonly #renewals: ContainerCalls;

  /** `renewals` are calls that do not wait for others, and are made once. */
  constructor(calls: ContainerCalls, renewals: ContainerCalls) {
    this.#calls = calls;
    this.#renewals = renewals;
  }

  /**
   * Takes a lease under an id of ours; false while somebody else has one. Rejects with code
   * `BlobNotFound` if there is nothing to lease. Taking it twice under one id is taking it once.
   */
  async acquire(
    name: string,
    id: string,
    { signal, durationS }: CallOptions & { readonly durationS: number },
  ): Promise<boolean> {
    try {
      await this.#calls.onBlob(name, { operation: "Lease Blob", signal }, async (blob) => {
        await blob.getBlobLeaseClient(id).acquireLease(durationS, { abortSignal: signal });
      });
      return true;
    } catch (thrown) {
      if (hasCode(thrown, "LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired")) {
        return false;
      }
      throw thrown;
    }
  }

  /** Begins the time of a lease anew; false if it is no longer ours. */
  async renew(name: string, id: string, { signal }: CallOptions): Promise<boolean> {
    try {
      await this.#renewals.onBlob(name, { operation: "Lease Blob", signal }, async (blob) => {
        await blob.getBlobLeaseClient(id).renewLease({ abortSignal: signal });
      });
      return true;
    } catch (thrown) {
      if (hasCode(thrown, "BlobNotFound", ...LEASE_GONE)) return false;
      throw thrown;
    }
  }

  /** Gives a lease up; one that is no longer ours counts as given up. */
  async release(name: string, id: string, { signal }: CallOptions): Promise<void> {
    try {
      await this.#renewals.onBlob(name, { operation: "Lease Blob", signal }, async (blob) => {
        await blob.getBlobLeaseClient(id).releaseLease({ abortSignal: signal });
      });
    } catch (thrown) {
      if (!hasCode(thrown, "BlobNotFound", ...LEASE_GONE)) throw thrown;
    }
  }
}

/** Codes of a lease that is somebody else's, or nobody's. */
const LEASE_GONE = [
  "LeaseIdMismatchWithLeaseOperation",
  "LeaseNotPresentWithLeaseOperation",
  "LeaseIsBrokenAndCannotBeRenewed",
  "LeaseIdMissing",
  "LeaseLost",
] as const;
