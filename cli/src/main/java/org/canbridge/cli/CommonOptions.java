package org.canbridge.cli;

import org.apache.commons.cli.Option;

/** Options that mean the same wherever they stand. */
final class CommonOptions {
  private CommonOptions() {}

  static Option help() {
    return Option.builder("h").longOpt("help").desc("this page").get();
  }

  static Option debug() {
    return Option.builder().longOpt("debug").desc("log more, and show stack traces").get();
  }

  static Option version() {
    return Option.builder().longOpt("version").desc("the version of the program").get();
  }

  static Option json() {
    return Option.builder().longOpt("json").desc("the same as JSON, for machines").get();
  }

  /** An option with a value. */
  static Option value(String name, String argument, String description) {
    return Option.builder().longOpt(name).hasArg().argName(argument).desc(description).get();
  }

  /** An option without a value. */
  static Option flag(String name, String description) {
    return Option.builder().longOpt(name).desc(description).get();
  }
}
