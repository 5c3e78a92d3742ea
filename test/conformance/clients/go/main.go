// Checks a cluster with etcd's own Go client: one line for each feature, "ok" or "FAIL" with the reason.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

const timeout = 20 * time.Second

var prefix = os.Getenv("CHECK_PREFIX")

func connect(password string) (*clientv3.Client, error) {
	pem, err := os.ReadFile(os.Getenv("CHECK_CA"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(os.Getenv("CHECK_ENDPOINTS"), ","),
		DialTimeout: 5 * time.Second,
		TLS:         &tls.Config{RootCAs: pool},
		Username:    os.Getenv("CHECK_USER"),
		Password:    password,
	})
}

func expect(holds bool, what string, values ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(what, values...)
}

func put(ctx context.Context, c *clientv3.Client) error {
	_, err := c.Put(ctx, prefix+"a", "1")
	return err
}

func get(ctx context.Context, c *clientv3.Client) error {
	answer, err := c.Get(ctx, prefix+"a")
	if err != nil {
		return err
	}
	return expect(len(answer.Kvs) == 1 && string(answer.Kvs[0].Value) == "1", "got %v", answer.Kvs)
}

func txn(ctx context.Context, c *clientv3.Client) error {
	when := clientv3.Compare(clientv3.Value(prefix+"a"), "=", "1")
	taken, err := c.Txn(ctx).If(when).Then(clientv3.OpPut(prefix+"a", "2"), clientv3.OpGet(prefix+"a")).Commit()
	if err != nil {
		return err
	}
	other, err := c.Txn(ctx).If(when).Else(clientv3.OpGet(prefix + "a")).Commit()
	if err != nil {
		return err
	}
	seen := string(other.Responses[0].GetResponseRange().Kvs[0].Value)
	return expect(taken.Succeeded && !other.Succeeded && seen == "2", "%v, %v, %q", taken.Succeeded, other.Succeeded, seen)
}

func deleteRange(ctx context.Context, c *clientv3.Client) error {
	for _, name := range []string{"d/1", "d/2", "d/3"} {
		if _, err := c.Put(ctx, prefix+name, "x"); err != nil {
			return err
		}
	}
	answer, err := c.Delete(ctx, prefix+"d/", clientv3.WithPrefix(), clientv3.WithPrevKV())
	if err != nil {
		return err
	}
	return expect(answer.Deleted == 3 && len(answer.PrevKvs) == 3, "deleted %d", answer.Deleted)
}

func watch(ctx context.Context, c *clientv3.Client) error {
	first, err := c.Put(ctx, prefix+"w", "1")
	if err != nil {
		return err
	}
	if _, err = c.Delete(ctx, prefix+"w"); err != nil {
		return err
	}
	seen := ""
	for answer := range c.Watch(ctx, prefix+"w", clientv3.WithRev(first.Header.Revision)) {
		if answer.Err() != nil {
			return answer.Err()
		}
		for _, event := range answer.Events {
			seen += event.Type.String() + " "
		}
		if strings.HasPrefix(seen, "PUT DELETE") {
			return nil
		}
	}
	return fmt.Errorf("the watch ended after %q", seen)
}

func lease(ctx context.Context, c *clientv3.Client) error {
	grant, err := c.Grant(ctx, 30)
	if err != nil {
		return err
	}
	if _, err = c.Put(ctx, prefix+"l", "x", clientv3.WithLease(grant.ID)); err != nil {
		return err
	}
	alive, err := c.KeepAliveOnce(ctx, grant.ID)
	if err != nil {
		return err
	}
	if _, err = c.Revoke(ctx, grant.ID); err != nil {
		return err
	}
	answer, err := c.Get(ctx, prefix+"l")
	if err != nil {
		return err
	}
	return expect(alive.TTL == 30 && answer.Count == 0, "ttl %d, keys left %d", alive.TTL, answer.Count)
}

func lock(ctx context.Context, c *clientv3.Client) error {
	var mutexes [2]*concurrency.Mutex
	for i := range mutexes {
		session, err := concurrency.NewSession(c, concurrency.WithTTL(10))
		if err != nil {
			return err
		}
		defer session.Close()
		mutexes[i] = concurrency.NewMutex(session, prefix+"lock")
	}
	if err := mutexes[0].Lock(ctx); err != nil {
		return err
	}
	if err := mutexes[1].TryLock(ctx); !errors.Is(err, concurrency.ErrLocked) {
		return fmt.Errorf("a second lock: %v", err)
	}
	if err := mutexes[0].Unlock(ctx); err != nil {
		return err
	}
	return mutexes[1].Lock(ctx)
}

func election(ctx context.Context, c *clientv3.Client) error {
	session, err := concurrency.NewSession(c, concurrency.WithTTL(10))
	if err != nil {
		return err
	}
	defer session.Close()
	candidate := concurrency.NewElection(session, prefix+"election")
	if err = candidate.Campaign(ctx, "me"); err != nil {
		return err
	}
	leader, err := candidate.Leader(ctx)
	if err != nil {
		return err
	}
	return expect(string(leader.Kvs[0].Value) == "me", "leader %v", leader.Kvs)
}

func authFailure(ctx context.Context, c *clientv3.Client) error {
	if other, err := connect("wrong"); err == nil {
		other.Close()
		return errors.New("a wrong password was taken")
	} else if !strings.Contains(err.Error(), rpctypes.ErrAuthFailed.Error()) {
		return err
	}
	_, err := c.Put(ctx, "forbidden", "x")
	return expect(errors.Is(err, rpctypes.ErrPermissionDenied), "a forbidden key: %v", err)
}

func main() {
	client, err := connect(os.Getenv("CHECK_PASSWORD"))
	if err != nil {
		fmt.Printf("FAIL connect: %v\n", err)
		os.Exit(1)
	}
	defer client.Close()
	for _, check := range []struct {
		name string
		run  func(context.Context, *clientv3.Client) error
	}{
		{"put", put}, {"get", get}, {"txn", txn}, {"delete range", deleteRange}, {"watch", watch},
		{"lease", lease}, {"lock", lock}, {"election", election}, {"auth failure", authFailure},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		if err := check.run(ctx, client); err != nil {
			fmt.Printf("FAIL %s: %s\n", check.name, strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Printf("ok   %s\n", check.name)
		}
		cancel()
	}
}
