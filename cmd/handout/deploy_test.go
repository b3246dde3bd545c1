package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// The files of deploy/ for clusters are held to the program: no container engine is
// needed for that, and none is started.

// composeFile is what the tests read of deploy/cluster/compose.yaml.
type composeFile struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Environment map[string]string `yaml:"environment"`
		EnvFile     []string          `yaml:"env_file"`
		Grace       string            `yaml:"stop_grace_period"`
		Secrets     []string          `yaml:"secrets"`
		Networks    []string          `yaml:"networks"`
		Volumes     []string          `yaml:"volumes"`
	} `yaml:"services"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
	Networks map[string]any `yaml:"networks"`
	Volumes  map[string]any `yaml:"volumes"`
}

// manifest is what the tests read of deploy/kubernetes/handout.yaml.
type manifest struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Replicas int            `yaml:"replicas"`
		Selector map[string]any `yaml:"selector"`
		Ports    []struct {
			Port       int    `yaml:"port"`
			TargetPort string `yaml:"targetPort"`
		} `yaml:"ports"`
		Template struct {
			Metadata struct {
				Labels map[string]string `yaml:"labels"`
			} `yaml:"metadata"`
			Spec pod `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type pod struct {
	Grace      int `yaml:"terminationGracePeriodSeconds"`
	Containers []struct {
		Ports []struct {
			Name string `yaml:"name"`
			Port int    `yaml:"containerPort"`
		} `yaml:"ports"`
		Env []struct {
			Name  string `yaml:"name"`
			Value string `yaml:"value"`
		} `yaml:"env"`
		Startup   probe `yaml:"startupProbe"`
		Liveness  probe `yaml:"livenessProbe"`
		Readiness probe `yaml:"readinessProbe"`
	} `yaml:"containers"`
}

type probe struct {
	HTTPGet struct {
		Path string `yaml:"path"`
		Port string `yaml:"port"`
	} `yaml:"httpGet"`
}

func deployed(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// theSecrets makes secrets as deploy/cluster/secrets.sh does and returns where they are.
func theSecrets(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "secrets")
	script := filepath.Join("..", "..", "deploy", "cluster", "secrets.sh")
	if said, err := exec.Command("sh", script, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return dir
}

// image is what deploy/Dockerfile tells the program.
var image = map[string]string{"HANDOUT_LISTEN": ":8080", "HANDOUT_METRICS_LISTEN": ":8081", "HANDOUT_DATA": "/data"}

// serveWith parses what a deployment tells the program in its environment, as the
// program does.
func serveWith(t *testing.T, env map[string]string, secretsAt, secrets string) *serveCommand {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.Vars{"version": version, "metrics_listen": defaultMetricsListen}, kong.DefaultEnvars("HANDOUT"))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(parser.Model.Children, func(n *kong.Node) bool { return n.Name == "serve" })
	known := make(map[string]bool)
	for _, flag := range parser.Model.Children[at].Flags {
		for _, name := range flag.Envs {
			known[name] = true
		}
	}
	for name, value := range env {
		if strings.HasPrefix(name, "HANDOUT_") && !known[name] {
			t.Errorf("%s is no flag of `handout serve`", name)
		}
		if strings.HasPrefix(value, secretsAt) {
			value = filepath.Join(secrets, strings.TrimPrefix(value, secretsAt))
			if _, err := os.Stat(value); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		t.Setenv(name, value)
	}
	if _, err := parser.Parse([]string{"serve"}); err != nil {
		t.Fatalf("the program does not take it: %v", err)
	}
	return &c.Serve
}

// wantGrace: who stops a node gives it the time that it takes.
func wantGrace(t *testing.T, c *serveCommand, grace time.Duration) {
	t.Helper()
	if least := c.DrainDelay + c.Shutdown + lastMoments; grace <= least {
		t.Errorf("a node may take %v to end, and is killed after %v", least, grace)
	}
	if c.DrainDelay < 2*time.Second {
		t.Errorf("a balancer has %v to see that a node is about to end", c.DrainDelay)
	}
}

func TestComposeIsTakenByTheProgram(t *testing.T) {
	var file composeFile
	if err := yaml.Unmarshal(deployed(t, "cluster/compose.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	secrets := theSecrets(t)
	for name, secret := range file.Secrets {
		if _, err := os.Stat(filepath.Join(filepath.Dir(secrets), secret.File)); err != nil {
			t.Errorf("the secret %s is not made by secrets.sh: %v", name, err)
		}
	}
	nodes := make(map[string]bool) // by what the others call them
	for name, service := range file.Services {
		for _, secret := range service.Secrets {
			if _, ok := file.Secrets[secret]; !ok {
				t.Errorf("%s has the secret %s, which there is not", name, secret)
			}
		}
		for _, network := range service.Networks {
			if _, ok := file.Networks[network]; !ok {
				t.Errorf("%s is in the network %s, which there is not", name, network)
			}
		}
		for _, env := range service.EnvFile {
			if _, err := os.Stat(filepath.Join(filepath.Dir(secrets), env)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, volume := range service.Volumes {
			if from, _, _ := strings.Cut(volume, ":"); !strings.HasPrefix(from, ".") {
				if _, ok := file.Volumes[from]; !ok {
					t.Errorf("%s has the volume %s, which there is not", name, from)
				}
			}
		}
		if service.Image != "handout" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			env := make(map[string]string)
			for _, told := range []map[string]string{image, service.Environment} {
				for key, value := range told {
					env[key] = strings.ReplaceAll(value, "${SITE:-share.example}", "share.example")
				}
			}
			c := serveWith(t, env, "/run/secrets/", secrets)
			grace, err := time.ParseDuration(service.Grace)
			if err != nil {
				t.Fatal(err)
			}
			wantGrace(t, c, grace)
			nodes[name] = true
			if want := "http://" + name + ":8090"; env["HANDOUT_NODE_URL"] != want {
				t.Errorf("it is %s to the others, want %s", env["HANDOUT_NODE_URL"], want)
			}
		})
	}
	if len(nodes) != 3 {
		t.Errorf("the nodes are %v, want three", nodes)
	}
	balancer := string(deployed(t, "cluster/Caddyfile"))
	for name := range nodes {
		if !strings.Contains(balancer, " "+name+":8080") {
			t.Errorf("the balancer does not know %s", name)
		}
	}
}

// TestKubernetesIsTakenByTheProgram holds the manifests to the flags, to what the
// program answers, and to themselves.
func TestKubernetesIsTakenByTheProgram(t *testing.T) {
	all := make(map[string]manifest)
	for decoder := yaml.NewDecoder(bytes.NewReader(deployed(t, "kubernetes/handout.yaml"))); ; {
		var m manifest
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[m.Kind+"/"+m.Metadata.Name] = m
	}
	nodes, ok := all["StatefulSet/handout"]
	if !ok || nodes.Spec.Replicas < 3 || len(nodes.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("there are no three nodes: %+v", nodes)
	}
	container := nodes.Spec.Template.Spec.Containers[0]
	ports := make(map[string]string)
	for _, port := range container.Ports {
		ports[port.Name] = ":" + strconv.Itoa(port.Port)
	}
	env := make(map[string]string)
	for name, value := range image {
		env[name] = value
	}
	for _, one := range container.Env {
		env[one.Name] = strings.ReplaceAll(one.Value, "$(POD_IP)", "10.1.2.3")
	}
	p := serve(t, "--dev", "--data", t.TempDir()) // which has on one port what the others have on two
	c := serveWith(t, env, "/secrets/", theSecrets(t))
	wantGrace(t, c, time.Duration(nodes.Spec.Template.Spec.Grace)*time.Second)
	for name, listens := range map[string]string{"http": c.Listen, "metrics": c.MetricsListen, "nodes": env["HANDOUT_NODE_LISTEN"]} {
		if ports[name] != listens {
			t.Errorf("the port %s is %s, and the program listens at %s", name, ports[name], listens)
		}
	}
	if !strings.HasSuffix(env["HANDOUT_NODE_URL"], ports["nodes"]) {
		t.Errorf("nodes are found at %s", env["HANDOUT_NODE_URL"])
	}
	for what, one := range map[string]probe{"startup": container.Startup, "liveness": container.Liveness, "readiness": container.Readiness} {
		if response, text := do(t, "GET", p.url+one.HTTPGet.Path, nil); response.StatusCode != http.StatusOK || one.HTTPGet.Port != "metrics" {
			t.Errorf("the %s probe asks for %s at %s: %s %s", what, one.HTTPGet.Path, one.HTTPGet.Port, response.Status, text)
		}
	}
	labels := nodes.Spec.Template.Metadata.Labels
	for _, kind := range []string{"Service/handout", "Service/handout-nodes", "PodDisruptionBudget/handout", "NetworkPolicy/handout", "HTTPRoute/handout"} {
		if _, ok := all[kind]; !ok {
			t.Errorf("there is no %s", kind)
		}
	}
	for _, name := range []string{"Service/handout", "Service/handout-nodes"} {
		for key, value := range all[name].Spec.Selector {
			if labels[key] != value {
				t.Errorf("%s selects %s=%v, and nodes have %v", name, key, value, labels)
			}
		}
		for _, port := range all[name].Spec.Ports {
			if ports[port.TargetPort] == "" {
				t.Errorf("%s leads to the port %s, which there is not", name, port.TargetPort)
			}
		}
	}
}

// TestTheImageListensWhereItsDeploymentsSay holds the tests' own table to the image.
func TestTheImageListensWhereItsDeploymentsSay(t *testing.T) {
	file := string(deployed(t, "Dockerfile"))
	for name, value := range image {
		if !strings.Contains(file, name+"="+value) {
			t.Errorf("the image does not say %s=%s", name, value)
		}
	}
}
