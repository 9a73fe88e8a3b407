#!/bin/sh
# Stands in for virsh: two hosts, one domain 'till', state in files beside it. Behaves as its manual
# says: output is translated unless LC_ALL=C, a completed job is destroyed where it is read.
dir=$(dirname "$0")
[ "$1" = -q ] && shift
uri=$2
shift 2
fail() { echo "error: $1" >&2; exit 1; }
case $uri in
  test://a) host=a ;;
  test://b) host=b ;;
  *) fail "failed to connect to the hypervisor" ;;
esac
case $(cat "$dir/break" 2>/dev/null) in
  silent) exec sleep 30 ;;
  nonsense) echo '17 % ?'; exit 0 ;;
  forbidden) fail "authentication unavailable: no polkit agent" ;;
esac
if [ "$LC_ALL" != C ]; then echo 'Zustand: laufend'; exit 0; fi
command=$1
shift
echo "$host $command $*" >> "$dir/asked"
here() { [ -f "$dir/domain-$host" ] || fail "failed to get domain 'till'"; }

case $command in
  # One look: the domain may move while it is asked for.
  domstate) cat "$dir/domain-$host" 2>/dev/null || fail "failed to get domain 'till'" ;;
  domjobinfo)
    here
    case $* in
      *--completed*)
        case $* in *--keep-completed*)
          [ -f "$dir/old" ] && fail "command 'domjobinfo' doesn't support option --keep-completed" ;;
        esac
        cat "$dir/completed-$host" 2>/dev/null || echo 'Job type:         None'
        case $* in *--keep-completed*) ;; *) rm -f "$dir/completed-$host" ;; esac ;;
      *)
        if [ -f "$dir/job" ] && [ $host = a ]; then
          printf 'Job type:         Unbounded\nOperation:        Outgoing migration\nTime elapsed:     900          ms\nIteration:        2\n'
        else echo 'Job type:         None'; fi ;;
    esac ;;
  migrate-setmaxdowntime)
    here
    [ -f "$dir/old" ] && [ ! -f "$dir/job" ] && fail "Requested operation is not valid: domain is not being migrated"
    echo "$2" > "$dir/maxdowntime" ;;
  domjobabort)
    here
    [ -f "$dir/job" ] || fail "Requested operation is not valid: no job is active on the domain"
    echo abort > "$dir/end" ;;
  migrate)
    [ -f "$dir/refuse" ] && fail "internal error: $(cat "$dir/refuse")"
    [ -f "$dir/lose-question" ] && fail "failed to connect to the hypervisor"
    echo + >> "$dir/starts"
    cut -d ' ' -f 5 /proc/$$/stat > "$dir/group"
    touch "$dir/job"
    if [ -f "$dir/lose-answer" ]; then rm "$dir/lose-answer"; kill -9 $PPID; fi
    while [ ! -f "$dir/end" ]; do
      [ -f "$dir/quit" ] && exit 9
      sleep 0.02
    done
    end=$(cat "$dir/end")
    rm -f "$dir/end"
    case $end in
      ok)
        rm -f "$dir/domain-a"
        echo running > "$dir/domain-b"
        cp "$dir/figures" "$dir/completed-b"
        rm -f "$dir/job" ;;
      abort) rm -f "$dir/job"; fail "operation aborted: migration out job: canceled by client" ;;
      *) rm -f "$dir/job"; fail "$end" ;;
    esac ;;
  *) fail "unknown command: '$command'" ;;
esac
