import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../repository-root.ts";

/** An example of the chart. */
export function example(name: string): string {
  return readFileSync(join(repositoryRoot, "charts/kvorum/examples", name), "utf8");
}

/** The keys that the demo's S3 server and its clients share. */
const ACCESS_KEY = "demo";
const SECRET_KEY = "demo-secret";

/** An S3 server in a pod, with one bucket in its own memory-backed folder, and the store that points to it. */
export function s3Server({
  image,
  helper,
  pullPolicy,
}: {
  readonly image: string;
  readonly helper: string;
  readonly pullPolicy: string;
}): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: s3-credentials
stringData:
  accessKeyId: ${ACCESS_KEY}
  secretAccessKey: ${SECRET_KEY}
---
apiVersion: v1
kind: Service
metadata:
  name: s3
spec:
  selector:
    app: s3
  ports:
    - port: 7070
---
apiVersion: v1
kind: Pod
metadata:
  name: s3
  labels:
    app: s3
spec:
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  initContainers:
    - name: bucket
      image: ${helper}
      imagePullPolicy: ${pullPolicy}
      command: [mkdir, -p, /data/backups]
      volumeMounts:
        - name: data
          mountPath: /data
      securityContext: &restricted
        allowPrivilegeEscalation: false
        capabilities:
          drop: [ALL]
  containers:
    - name: s3
      image: ${image}
      imagePullPolicy: ${image.startsWith("localhost/") ? "Never" : "IfNotPresent"}
      args: [--access=${ACCESS_KEY}, --secret=${SECRET_KEY}, --port=:7070, posix, /data]
      ports:
        - containerPort: 7070
      readinessProbe:
        tcpSocket:
          port: 7070
        periodSeconds: 1
      volumeMounts:
        - name: data
          mountPath: /data
      securityContext: *restricted
  volumes:
    - name: data
      emptyDir: {}
---
apiVersion: kvorum.io/v1alpha1
kind: EtcdBackupStore
metadata:
  name: s3
spec:
  s3:
    bucket: backups
    endpoint: http://s3:7070
    forcePathStyle: true
    credentialsSecretRef:
      name: s3-credentials
`;
}
