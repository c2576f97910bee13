// Package components holds KubeVirt's definitions of its CRDs. Its other files are KubeVirt's own, laid over this folder
// when the program is built (deploy/local/setup): the package they come from also installs KubeVirt, and compiling all
// that takes five minutes more.
package components
