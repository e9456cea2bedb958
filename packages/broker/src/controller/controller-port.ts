/** How handlers have the controller decide. In a cluster of one the controller is in this process. */
import type { ControllerContext, Outcome } from '@barnabas/metadata'

export interface ControllerPort {
  /**
   * Runs one operation of the controller. Resolves to its response once its records are committed and this
   * broker has acted on them: a topic just created can be written to. `name` is for log lines.
   */
  run<T>(name: string, decide: (context: ControllerContext) => Outcome<T>): Promise<T>
}
