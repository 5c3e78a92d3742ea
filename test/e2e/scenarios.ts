import type { Scenario } from "./harness/scenario.ts";
import { apiServerDown } from "./scenarios/api-server-down.ts";
import { backUpAndRestore } from "./scenarios/back-up-and-restore.ts";
import { badImage } from "./scenarios/bad-image.ts";
import { createThree } from "./scenarios/create-three.ts";
import { deleteAllPods } from "./scenarios/delete-all-pods.ts";
import { deleteCluster } from "./scenarios/delete-cluster.ts";
import { deletePod } from "./scenarios/delete-pod.ts";
import { forbidParallelBackups } from "./scenarios/forbid-parallel-backups.ts";
import { hibernateAndResume } from "./scenarios/hibernate-and-resume.ts";
import { killedDuringBackup } from "./scenarios/killed-during-backup.ts";
import { leaderLeaves } from "./scenarios/leader-leaves.ts";
import { loseDisk } from "./scenarios/lose-disk.ts";
import { oneToSeven } from "./scenarios/one-to-seven.ts";
import {
  killedWhileReplacing,
  killedWhileRolling,
  killedWhileScalingDown,
  killedWhileScalingUp,
} from "./scenarios/operator-killed.ts";
import { pause } from "./scenarios/pause.ts";
import { rollOut } from "./scenarios/roll-out.ts";
import { scaleUnderLoad } from "./scenarios/scale-under-load.ts";
import { sizesTwoZeroEight } from "./scenarios/sizes-two-zero-eight.ts";
import { targetChangedMidway } from "./scenarios/target-changed-midway.ts";

/** What `npm test` runs: the main job. */
export const SHORT: readonly Scenario[] = [createThree, scaleUnderLoad, deletePod, loseDisk, backUpAndRestore];

/** What `npm run verify` runs. */
export const ALL: readonly Scenario[] = [
  createThree,
  scaleUnderLoad,
  oneToSeven,
  targetChangedMidway,
  leaderLeaves,
  sizesTwoZeroEight,
  hibernateAndResume,
  killedWhileScalingUp,
  killedWhileScalingDown,
  killedWhileReplacing,
  killedWhileRolling,
  deletePod,
  loseDisk,
  deleteAllPods,
  rollOut,
  badImage,
  forbidParallelBackups,
  deleteCluster,
  pause,
  backUpAndRestore,
  killedDuringBackup,
  apiServerDown,
];
