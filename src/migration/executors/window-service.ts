// What an executor asks the service; over REST, or in the same process in tests.
import type { Claim, WindowCheck } from '../claims';
import type { OutcomeInput, OutcomeReceipt } from '../outcomes';
import type { WindowContent } from '../windows/window-schema';

/** Errors are the service's own codes (CLAIM_HELD, WINDOW_SUPERSEDED, ...). */
export abstract class WindowService {
  /** The newest document of a VM; undefined where there is none. */
  abstract document(vmId: string): Promise<WindowContent | undefined>;

  /** The last look before a claim, on fresh samples. */
  abstract check(
    windowId: string,
    asked: { readonly vmId: string; readonly rank: number },
  ): Promise<WindowCheck>;

  /** `serverMs`: the service's clock. */
  abstract claim(
    windowId: string,
    asked: { readonly vmId: string; readonly rank: number; readonly leaseMs: number },
  ): Promise<Claim & { readonly serverMs: number }>;

  abstract renew(claim: Claim, leaseMs: number): Promise<void>;
  abstract start(claim: Claim): Promise<void>;
  abstract release(claim: Claim): Promise<void>;
  abstract report(outcome: OutcomeInput): Promise<OutcomeReceipt>;
}
