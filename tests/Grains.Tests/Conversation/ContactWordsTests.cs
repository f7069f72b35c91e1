using Channels.Grains.Conversation;

namespace Channels.Grains.Tests.Conversation;

/// <summary>What a contact's words mean besides what they say: a wish for a person, a choice.</summary>
public sealed class ContactWordsTests
{
    [Theory]
    [InlineData("human")]
    [InlineData("  HUMAN!! ")]
    [InlineData("¡Human!")]
    [InlineData("human 👍🏽")]
    [InlineData("\"Mensch\"")]
    [InlineData("real person.")]
    [InlineData("agente humanó")]
    [InlineData("AGENTE HUMANÓ")]
    public void The_whole_message_is_a_keyword_whatever_its_case_and_what_stands_around_it(string text) =>
        Assert.True(HandoverWords.AreMeantBy(text, ["human", "Mensch", "Real person", "agente humanó"]));

    [Theory]
    [InlineData("are you a human?")]
    [InlineData("humans")]
    [InlineData("inhuman")]
    [InlineData("!!")]
    [InlineData("")]
    [InlineData(null)]
    public void A_keyword_inside_a_message_is_none(string? text) => Assert.False(HandoverWords.AreMeantBy(text, ["human"]));

    [Fact]
    public void Without_keywords_nobody_asks() => Assert.False(HandoverWords.AreMeantBy("human", []));

    [Theory]
    [InlineData("1", "Red")]
    [InlineData(" 2. ", "Blue")]
    [InlineData("2)", "Blue")]
    [InlineData("red", "Red")]
    [InlineData("3", "12")]
    [InlineData("12", "12")]
    public void A_number_or_a_text_means_its_choice(string said, string choice) => Assert.Equal(choice, NumberedOptions.Resolve(said, ["Red", "Blue", "12"]));

    [Theory]
    [InlineData("0")]
    [InlineData("4")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("2 please")]
    [InlineData("99999999999999999999")]
    [InlineData("")]
    [InlineData(null)]
    public void Anything_else_means_itself(string? said) => Assert.Null(NumberedOptions.Resolve(said, ["Red", "Blue", "12"]));

    [Fact]
    public void Choices_stand_below_the_text_with_their_numbers()
    {
        Assert.Equal("Which?\n\n1. Red\n2. Blue", NumberedOptions.Append("Which?\n", ["Red", "Blue"]));
        Assert.Equal("Which?\n", NumberedOptions.Append("Which?\n", []));
    }
}
