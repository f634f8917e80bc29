package org.canbridge.cli;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code canbridge completion}: what a shell needs to complete command lines. */
final class CompletionCommand implements Command {
  private static final String OPERAND = "bash|zsh";

  private static final String BASH =
      """
      # canbridge in bash: eval "$(canbridge completion bash)"
      _canbridge_words() { COMPREPLY=($(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")); }
      _canbridge_files() {
        local IFS=$'\\n'
        COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
        compopt -o filenames 2>/dev/null || :
      }
      _canbridge() {
        local command=${COMP_WORDS[1]}
        COMPREPLY=()
        if [ "$COMP_CWORD" = 1 ] || [ "$command $COMP_CWORD" = 'help 2' ]; then
          _canbridge_words '%s help --help --version'
          return
        fi
        case "$command ${COMP_WORDS[COMP_CWORD - 1]}" in
      %s  esac
        case "$command ${COMP_WORDS[COMP_CWORD]}" in
      %s  *) _canbridge_files ;;
        esac
      }
      complete -F _canbridge canbridge
      """;

  private static final String ZSH =
      """
      #compdef canbridge
      # canbridge in zsh: eval "$(canbridge completion zsh)" after compinit
      _canbridge() {
        local -a commands
        commands=(
      %s  )
        if ((CURRENT == 2)) || [[ $words[2] == help && CURRENT -eq 3 ]]; then
          _describe command commands
          return
        fi
        local command=$words[2]
        shift words
        ((CURRENT--))
        case $command in
      %s  esac
      }
      if [[ $funcstack[1] == _canbridge ]]; then _canbridge "$@"; else compdef _canbridge canbridge; fi
      """;

  @Override
  public About about() {
    return new About(
        "completion",
        "completes commands and options in bash or zsh",
        OPERAND,
        "Writes a script by which the shell completes commands, options, the words that options"
            + " take, and files. For bash, a line in ~/.bashrc: eval \"$(canbridge completion"
            + " bash)\"; for zsh, the same with zsh in ~/.zshrc, after compinit.",
        List.of(
            new Example("completion bash > canbridge.bash", "for bash; source it"),
            new Example("completion zsh > ~/.zfunc/_canbridge", "for zsh, with that in $fpath")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of();
  }

  @Override
  public List<String> operands() {
    return List.of(OPERAND.split("\\|", -1));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws UsageException {
    List<Command> commands = Main.commands("");
    switch (invocation.operand(OPERAND)) {
      case "bash" -> context.out().print(bash(commands));
      case "zsh" -> context.out().print(zsh(commands));
      default -> throw new UsageException("knows bash and zsh, not " + invocation.operand(OPERAND));
    }
    return ExitStatus.OK;
  }

  private static String bash(List<Command> commands) {
    StringBuilder values = new StringBuilder();
    StringBuilder words = new StringBuilder();
    for (Command command : commands) {
      String name = command.about().name();
      List<Opt<?>> options = new OptionSet(command).all();
      for (Opt<?> option : options) {
        if (option.takesValue()) {
          values.append(
              option.typedNames().stream()
                  .map(typed -> "'" + name + " " + typed + "'")
                  .collect(Collectors.joining(" | ", "  ", ") ")));
          values.append(
              option.value().isPath()
                  ? "_canbridge_files"
                  : "_canbridge_words '" + String.join(" ", option.value().words()) + "'");
          values.append("; return ;;\n");
        }
      }
      String operands = String.join(" ", command.operands());
      words.append("  '" + name + " -'*) _canbridge_words '" + names(options) + "' ;;\n");
      if (!operands.isEmpty()) {
        words.append("  '" + name + " '*) _canbridge_words '" + operands + "' ;;\n");
      }
    }
    String all =
        commands.stream().map(each -> each.about().name()).collect(Collectors.joining(" "));
    return BASH.formatted(all, values.toString().indent(2), words.toString().indent(2));
  }

  private static String names(List<Opt<?>> options) {
    return options.stream()
        .flatMap(option -> option.typedNames().stream())
        .collect(Collectors.joining(" "));
  }

  private static String zsh(List<Command> commands) {
    StringBuilder list = new StringBuilder();
    StringBuilder cases = new StringBuilder();
    for (Command command : commands) {
      String name = command.about().name();
      list.append("    '" + name + ":" + quoted(command.about().summary()) + "'\n");
      String operands =
          command.operands().isEmpty()
              ? "_files"
              : "(" + String.join(" ", command.operands()) + ")";
      String options =
          new OptionSet(command)
              .all().stream()
                  .flatMap(CompletionCommand::zsh)
                  .collect(Collectors.joining(" \\\n        ", "", " \\\n        "));
      cases.append(
          "    " + name + ")\n      _arguments " + options + "'*:operand:" + operands + "' ;;\n");
    }
    return ZSH.formatted(list, cases);
  }

  private static Stream<String> zsh(Opt<?> option) {
    String value = "";
    if (option.takesValue()) {
      List<String> words = option.value().words();
      String action =
          option.value().isPath()
              ? "_files"
              : words.isEmpty() ? " " : "(" + String.join(" ", words) + ")";
      value = ":" + quoted(option.metavar()) + ":" + action;
    }
    String all = String.join(" ", option.typedNames());
    String rest = "[" + quoted(option.help()) + "]" + value;
    return option.typedNames().stream().map(name -> "'(" + all + ")" + name + rest + "'");
  }

  /** Within single quotes, and within a specification of {@code _arguments}. */
  private static String quoted(String text) {
    return text.replaceAll("([\\[\\]:\\\\])", "\\\\$1").replace("'", "'\\''");
  }
}
